"""Patterns with what they match, refuse and build: the data of the tests of patterns."""

from __future__ import annotations

from typing import NamedTuple


class MatchCase(NamedTuple):
    """A pattern, a path, and what is captured; `None` when the path does not match."""

    pattern: str
    path: str
    params: dict[str, str] | None


class InvalidCase(NamedTuple):
    """A text that is not a pattern, where it is wrong and what the error says."""

    text: str
    position: int
    expected: str


class BuildCase(NamedTuple):
    """A pattern with the values for a path, and that path."""

    pattern: str
    params: dict[str, str | int | None]
    wildcards: list[str | int | None]
    path: str


class RefusedCase(NamedTuple):
    """A pattern with values that make no path, and what the error says."""

    pattern: str
    params: dict[str, str | int | None]
    wildcards: list[str | int | None]
    expected: str


MATCHES = [
    # The root, slashes at the end, and paths that are not absolute.
    MatchCase("/", "/", {}),
    MatchCase("/", "", {}),
    MatchCase("/", "//", None),
    MatchCase("/", "/a", None),
    MatchCase("/", "a", None),
    MatchCase("/a/b", "/a/b", {}),
    MatchCase("/a/b", "/a/b/", {}),
    MatchCase("/a/b", "/a/b//", None),
    MatchCase("/a/b", "/a//b", None),
    MatchCase("/a/b", "//a/b", None),
    MatchCase("/a/b", "a/b", None),
    MatchCase("/a/b", "/a", None),
    MatchCase("/a/b", "/a/b/c", None),
    MatchCase("/a/", "/a", {}),
    MatchCase("//a", "/a", {}),
    MatchCase("/a", "/A", None),
    # Literals are no expressions.
    MatchCase("/a.b", "/a.b", {}),
    MatchCase("/a.b", "/axb", None),
    MatchCase("/a+b", "/a+b", {}),
    MatchCase("/a+b", "/aab", None),
    MatchCase("/c++", "/c+/c+", {}),
    MatchCase("/c++", "/c++", None),
    MatchCase("/a:b", "/a:b", {}),
    # Escapes.
    MatchCase(r"/a/\:b", "/a/:b", {}),
    MatchCase(r"/a/\:b", "/a/1", None),
    MatchCase(r"/\*\*", "/**", {}),
    MatchCase(r"/a\?", "/a?", {}),
    MatchCase(r"/a\?", "/a", None),
    MatchCase(r"/a\??", "/", {}),
    MatchCase(r"/\(a\)", "/(a)", {}),
    MatchCase("/\\\\", "/\\", {}),
    # One segment each.
    MatchCase("/*", "/a", {}),
    MatchCase("/*", "/", None),
    MatchCase("/*", "/a/b", None),
    MatchCase("/users/:id", "/users/7", {"id": "7"}),
    MatchCase("/users/:id", "/users", None),
    MatchCase("/users/:id", "/users/", None),
    MatchCase("/users/:id", "/users//", None),
    MatchCase("/:userID/posts/:postID", "/a b/posts/é", {"userID": "a b", "postID": "é"}),
    # Constraints.
    MatchCase(r"/:id(\d+)", "/42", {"id": "42"}),
    MatchCase(r"/:id(\d+)", "/42x", None),
    MatchCase(r"/:id(\d+)", "/٤٢", None),
    MatchCase(r"/:id(\d+)", "/42\n", None),
    MatchCase("/(d|e)", "/e", {}),
    MatchCase("/(d|e)", "/de", None),
    MatchCase("/*(d|e)", "/d", {}),
    MatchCase("/:p(a/b)", "/a/b", None),
    MatchCase("/:p(.*)", "/", None),
    MatchCase(r"/:id(\d+(-\d+)?)", "/1-2", {"id": "1-2"}),
    MatchCase(r"/:id([()]+)", "/)(", {"id": ")("}),
    MatchCase(r"/:id(\(\w\))", "/(x)", {"id": "(x)"}),
    MatchCase(r"/:id([])]\])", "/)]", {"id": ")]"}),
    MatchCase(r"/:id((\w)\1)", "/ab", None),
    MatchCase(r"/:id((\w)\1)", "/aa", {"id": "aa"}),
    # Modifiers.
    MatchCase("/a?", "/", {}),
    MatchCase("/a?", "/a", {}),
    MatchCase("/a?", "/a/a", None),
    MatchCase("/a/:b?/c", "/a/c", {"b": ""}),
    MatchCase("/a/:b?/c", "/a/1/c", {"b": "1"}),
    MatchCase("/a/:b*/c", "/a/c", {"b": ""}),
    MatchCase("/a/:b*/c", "/a/1/2/3/c", {"b": "1/2/3"}),
    MatchCase("/a/:b*/c", "/a/1//3/c", None),
    MatchCase("/a/:b+/c", "/a/1/c", {"b": "1"}),
    MatchCase("/a/:b+/c", "/a/c", None),
    MatchCase("/:b?", "/", {"b": ""}),
    MatchCase("/:b?", "/1/2", None),
    MatchCase("/:b+", "", None),
    MatchCase("/:b+", "/1/2/", {"b": "1/2"}),
    MatchCase(r"/:b(\d+)+", "/1/2", {"b": "1/2"}),
    MatchCase(r"/:b(\d+)+", "/1/x", None),
    MatchCase("/a+", "/a/a", {}),
    MatchCase("/a+", "/a/b", None),
    MatchCase("/**", "/", {}),
    MatchCase("/**", "/a/b/c", {}),
    MatchCase("/**", "//", None),
    MatchCase("/**", "/a//b", None),
    MatchCase("/**", "a", None),
    # Earlier chunks take as much as they can.
    MatchCase("/:a*/:b*", "/1/2", {"a": "1/2", "b": ""}),
    MatchCase("/:a*/:b+", "/1/2/3", {"a": "1/2", "b": "3"}),
    MatchCase("/:a?/:b", "/1", {"a": "", "b": "1"}),
    MatchCase("/:a+/x/:b*", "/1/x/2/x/3", {"a": "1/x/2", "b": "3"}),
    MatchCase(r"/:a(\d+)*/:b*", "/1/2/x/3", {"a": "1/2", "b": "x/3"}),
    MatchCase("/a*/:b*", "/a/a/b", {"b": "b"}),
    MatchCase(r"/a/:b(\d+)/*?/(d|e)+", "/a/3/1/d", {"b": "3"}),
    MatchCase(r"/a/:b(\d+)/*?/(d|e)+", "/a/2/c/d/e", {"b": "2"}),
    MatchCase(r"/a/:b(\d+)/*?/(d|e)+", "/a/2/c/d/e/f/g", None),
    MatchCase(r"/a/:b(\d+)/*?/(d|e)+", "/a/1", None),
]

_AFTER = "'/' or the end of the pattern after "
_NAME = "a name of letters, digits and _ after ':'"
_TEXT = "text, '*' or ':name' before the modifier"

INVALID = [
    InvalidCase("", 0, "'/' at the start"),
    InvalidCase("users", 0, "'/' at the start"),
    InvalidCase(" /a", 0, "'/' at the start"),
    InvalidCase("/:", 2, _NAME),
    InvalidCase("/a/:?", 4, _NAME),
    InvalidCase("/:/x", 2, _NAME),
    InvalidCase("/:-", 2, _NAME),
    InvalidCase("/:id.json", 4, _AFTER + "':id'"),
    InvalidCase(r"/:b\?", 3, _AFTER + "':b'"),
    InvalidCase("/:a??", 4, _AFTER + "':a?'"),
    InvalidCase("/*.js", 2, _AFTER + "'*'"),
    InvalidCase("/***", 3, _AFTER + "'**'"),
    InvalidCase(r"/:id(\d+)abc", 9, _AFTER + r"':id(\\d+)'"),
    InvalidCase(r"/(a)(b)", 4, _AFTER + "'(a)'"),
    InvalidCase("/:id/x/:ID", 7, "a name of its own, 'ID' is taken (ignoring case)"),
    InvalidCase(r"/:id(\d+", 4, "a closing parenthesis for this one"),
    InvalidCase("/x/((a)", 3, "a closing parenthesis for this one"),
    InvalidCase("/:id(", 4, "a closing parenthesis for this one"),
    InvalidCase("/:id()", 5, "a regular expression between the parentheses"),
    InvalidCase("/*()", 3, "a regular expression between the parentheses"),
    InvalidCase("/a(b)", 2, r"'\(' for a parenthesis in literal text"),
    InvalidCase("/a)", 2, r"'\)' for a parenthesis in literal text"),
    InvalidCase("/)", 1, r"'\)' for a parenthesis in literal text"),
    InvalidCase("/?", 1, _TEXT),
    InvalidCase("/a/+/b", 3, _TEXT),
    InvalidCase("/??", 1, _TEXT),
    InvalidCase("/a\\", 2, "a character other than '/' after the backslash"),
    InvalidCase("/a\\/b", 2, "a character other than '/' after the backslash"),
    InvalidCase("/:x(a+)/:y([z-a])", 12, "a usable regular expression: bad character range z-a"),
    InvalidCase("/:x(+)", 4, "a usable regular expression: nothing to repeat"),
]

BUILDS = [
    BuildCase("/", {}, [], "/"),
    BuildCase("/a/", {}, [], "/a"),
    BuildCase("/users/:id/posts/:postID", {"id": 7, "postid": "x"}, [], "/users/7/posts/x"),
    BuildCase("/:id", {"ID": "no", "id": "yes"}, [], "/yes"),
    BuildCase("/:id", {"id": "a b%"}, [], "/a b%"),
    BuildCase("/x", {"unused": "1"}, ["unused"], "/x"),
    BuildCase(r"/a\+b/\:c/d?", {}, [], "/a+b/:c/d"),
    BuildCase("/:a?/b/:c*", {}, [], "/b"),
    BuildCase("/:a?/b/:c*", {"a": "", "c": None}, [], "/b"),
    BuildCase("/:a?/b/:c*", {"a": "1", "c": "2/3"}, [], "/1/b/2/3"),
    BuildCase("/:a?/:b?", {"b": "2"}, [], "/2"),
    BuildCase("/:a*/b?", {"a": "1"}, [], "/1/b"),
    BuildCase(r"/:n(\d+)+", {"n": "1/2"}, [], "/1/2"),
    BuildCase("/files/*", {}, ["documents/report.pdf"], "/files/documents/report.pdf"),
    BuildCase("/*/:b/*", {"b": "m"}, ["a", 3], "/a/m/3"),
    BuildCase("/a/**", {}, [], "/a"),
    BuildCase("/*?/b", {}, ["", "x"], "/b"),
    BuildCase(r"/*(\d+)", {}, ["1/x"], "/1/x"),
    BuildCase("/*/:b*", {"b": "2"}, ["x/y"], "/x/y/2"),
]

REFUSED = [
    RefusedCase("/users/:id", {}, [], "a value for 'id'"),
    RefusedCase("/users/:id", {"id": ""}, [], "a value for 'id'"),
    RefusedCase("/users/:ids+", {"id": "1"}, [], "a value for 'ids'"),
    RefusedCase("/*/*", {}, ["a"], "another wildcard"),
    RefusedCase(r"/(\d+)", {}, [""], "another wildcard"),
    RefusedCase("/users/:id", {"id": "1/2"}, [], "a value for 'id' without '/', got '1/2'"),
    RefusedCase("/:a?", {"a": "x/y"}, [], "a value for 'a' without '/', got 'x/y'"),
    RefusedCase("/:a*", {"a": "x//y"}, [], "a value for 'a' without empty segments, got 'x//y'"),
    RefusedCase("/:a+", {"a": "/x"}, [], "a value for 'a' without empty segments, got '/x'"),
    RefusedCase(r"/:n(\d+)", {"n": "x"}, [], r"a value for 'n' that \d+ matches, got 'x'"),
    RefusedCase(r"/:n(\d+)*", {"n": "1/x"}, [], r"a value for 'n' that \d+ matches, got '1/x'"),
    RefusedCase(r"/*(\d+)/x", {}, ["x"], r"another wildcard that \d+ matches, got 'x'"),
    RefusedCase(
        "/:a*/:b+",
        {"a": "1", "b": "2/3"},
        [],
        "a value for 'a' that its neighbours leave alone; '/1/2/3' would be read otherwise",
    ),
    RefusedCase(
        "/**/:b*",
        {"b": "1"},
        [],
        "a value for 'b' that its neighbours leave alone; '/1' would be read otherwise",
    ),
]
