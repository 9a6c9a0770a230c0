"""One example of each shape, for the description of the API."""

RESULT = {
    "domain": "example.com",
    "status": 0,
    "status_text": "success",
    "primary_status": 0,
    "message": "",
    "results": {
        "mx.example.com": {
            "status": 0,
            "preference": 10,
            "addresses": {},
            "checks": {
                "connectivity": {"status": 0, "messages": []},
                "starttls": {"status": 0, "messages": []},
            },
        }
    },
    "preferred_hostnames": ["mx.example.com"],
    "mx_hostnames": [".example.com"],
    "mta_sts": None,
    "extra_results": {"policylist": {"status": 0, "mode": "enforce"}, "dane": None, "tlsrpt": None},
    "findings": [],
    "timestamp": "2026-11-22T09:00:00Z",
}
SCAN = {"domain": "example.com", "scandata": RESULT, "timestamp": "2026-11-22T09:00:00Z", "version": 2}
JOB = {
    "id": "Zr3v0q4kT1m2n3o4p5q6r7",
    "domain": "example.com",
    "state": "running",
    "queued": "2026-11-22T09:00:00Z",
    "started": "2026-11-22T09:00:01Z",
    "finished": None,
    "progress": {"mx.example.com": "looking", "MTA-STS": "seen"},
    "status": None,
    "message": "",
    "href": "/api/scans/Zr3v0q4kT1m2n3o4p5q6r7",
}
DONE = {**JOB, "state": "done", "finished": "2026-11-22T09:00:04Z", "status": 0, "scan": SCAN}
ENTRY = {
    "domain": "example.com",
    "mode": "enforce",
    "mxs": [".mail.example.net"],
    "policy_alias": None,
    "expires": "2026-12-06T09:00:00Z",
    "expired": False,
}
STATS = {
    "days": [{"day": "2026-11-22", "statuses": {"success": 12, "failure": 3}}],
    "adoption": {"domains": 14, "passing": 11, "mta_sts": 5, "dane": 2},
}
ANSWER = {"asked": "example.com", "status_code": 202, "message": "", "scan": JOB}
EVENT = 'event: progress\ndata: {"id": "Zr3v0q4kT1m2n3o4p5q6r7", "state": "running"}\n\n'
LIST = {
    "timestamp": "2026-11-22T09:00:00Z",
    "expires": "2026-12-06T09:00:00Z",
    "version": "0.1",
    "policy-aliases": {},
    "policies": {"example.com": {"mode": "enforce", "mxs": [".mail.example.net"]}},
}
SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\n…\n-----END PGP SIGNATURE-----\n"
KEYS = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n…\n-----END PGP PUBLIC KEY BLOCK-----\n"
HEALTH = {"status": "ok", "database": "ok", "list": "ok", "fault": "", "waiting": 3}
DOWN = {"status": "down", "database": "does not answer", "list": "ok", "fault": ""}
METRICS = '# TYPE stpolicy_scans gauge\nstpolicy_scans{state="queued"} 3.0\n'
