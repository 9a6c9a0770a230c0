"""Templates of a site: in a sandbox, and their rows looked at again."""

from pathlib import Path

import pytest

from stpolicy.errors import Misuse
from tests.render.made import enforce, rendered


def _template(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.j2"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "{% for row in rows %}{{ row }}\n{% endfor %}",
        "{% for row in rows %}{{ row.key }} {{ row.value }} ciphers=high exclude=MD5:aDSS\n{% endfor %}",
        "# mine\n\n{% for row in rows | reverse %}{{ row }}\n{% endfor %}",
    ],
)
def test_templates_of_a_site(text: str, tmp_path: Path) -> None:
    policies = {name: enforce("mx.a.com") for name in ("a.com", "b.com")}
    assert rendered(policies, template=_template(tmp_path, text))[2].count("secure match=mx.a.com") == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{{",
        "{{ nothing }}",
        "{{ rows.__class__.__mro__ }}",
        "{{ rows | map(attribute='nowhere') | join }}",
        "{{ 1 / 0 }}",
        "{% include '/etc/passwd' %}",
        "{% for row in rows %}{{ row }}{% endfor %}",
        "{% for row in rows %} {{ row }}\n{% endfor %}",
        "{% for row in rows %}{{ row }}\n{% endfor %}more.com none\n",
        "{% for row in rows %}{{ row }}\n{{ row }}\n{% endfor %}",
        "{% for row in rows[1:] %}{{ row }}\n{% endfor %}",
        "{% for row in rows %}{{ row.key }} none\n{% endfor %}",
        "{% for row in rows %}{{ row.key }} {{ row.value | replace('mx.a', 'mx.b') }}\n{% endfor %}",
        "{% for row in rows %}{{ row }} tafile=/tmp/x\n{% endfor %}",
        "{% for row in rows %}{{ row }} match=hostname\n{% endfor %}",
        "{% for row in rows %}{{ row.key }} may {{ row.value }}\n{% endfor %}",
        "{% for row in rows %}{{ row.key }} ciphers=high {{ row.value }}\n{% endfor %}",
        "{% for row in rows %}{{ row.key }}\t{{ row.value }}\n{% endfor %}",
        "{% for row in rows %}{{ row }}\n{% endfor %}# a\rb\n",
        "{% for row in rows %}{{ row }}\n{% endfor %}# end",
    ],
)
def test_templates_that_make_something_else_of_the_rows(text: str, tmp_path: Path) -> None:
    policies = {name: enforce("mx.a.com") for name in ("a.com", "b.com")}
    with pytest.raises(Misuse, match=r"own\.j2"):
        rendered(policies, template=_template(tmp_path, text))


def test_a_template_of_a_site_runs_nothing(tmp_path: Path) -> None:
    """Outside of the sandbox it would: what Jinja itself gives to every template leads to `os`."""
    touched = tmp_path / "touched"
    command = f"{{% set _ = cycler.__init__.__globals__.os.system('touch {touched}') %}}"
    template = _template(tmp_path, f"{command}{{% for row in rows %}}{{{{ row }}}}\n{{% endfor %}}")
    with pytest.raises(Misuse, match=r"own\.j2.*SecurityError"):
        rendered({"a.com": enforce("mx.a.com")}, template=template)
    assert not touched.exists()
