"""How a site wants its map, as its options say it; nobody has looked into the files that they name."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stpolicy.document import overlay as overlays
from stpolicy.model.facts import Facts
from stpolicy.model.file import File
from stpolicy.model.overlay import Overlay
from stpolicy.render.profile import Dane, Match, Profile, SuffixStyle, Version

if TYPE_CHECKING:
    from stpolicy.flows.render import Wanted


@dataclass(frozen=True, slots=True)
class Options:
    """How a site wants rows, as it said so; `facts` and `overlays` are not looked into yet."""

    match: Match
    suffixes: SuffixStyle
    dane: Dane
    early_adopter: bool
    facts: File | None
    overlays: tuple[File, ...]
    template: Path
    version: Version
    reporting: bool

    def overlay_models(self) -> tuple[Overlay, ...]:
        """The overlays; Misuse when one is wrong."""
        return tuple(overlays.read(file.data, file.name) for file in self.overlays)

    def wanted(self, models: tuple[Overlay, ...]) -> "Wanted":
        """All that rendering needs; Misuse when the options do not go together."""
        from stpolicy.flows.render import Wanted

        profile = Profile(
            self.version,
            self.match,
            self.suffixes,
            self.dane,
            self.early_adopter,
            self.reporting,
            self._seen(),
        )
        profile.check()
        return Wanted(profile, models, self.template)

    def _seen(self) -> Facts:
        if self.facts is None:
            return {}
        from stpolicy.document import results

        return results.facts(self.facts.data, self.facts.name)
