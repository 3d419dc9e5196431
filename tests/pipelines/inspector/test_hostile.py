"""Hostile labels, names of relations, ids and titles run no script in the inspector."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kg.formats import Highlights, export
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

Open = Callable[..., Any]

SCRIPT = "window.hacked=1"
HOSTILE = [
    line.replace("RUN", SCRIPT)
    for line in r"""
<script>RUN</script>
</script><script>RUN</script>
<img src=x onerror=RUN>
<svg onload=RUN>
<svg><script>RUN</script></svg>
<body onload=RUN>
<iframe src=javascript:RUN>
<iframe srcdoc="<script>parent.RUN</script>">
<a href=javascript:RUN>x</a>
javascript:RUN
data:text/html,<script>RUN</script>
"><script>RUN</script>
'><script>RUN</script>
" onmouseover="RUN
' onfocus='RUN' autofocus='
<input autofocus onfocus=RUN>
<details open ontoggle=RUN>
<video><source onerror=RUN>
<audio src=x onerror=RUN>
<object data=javascript:RUN>
<embed src=javascript:RUN>
<math><mtext><script>RUN</script></mtext></math>
<style>@import 'javascript:RUN'</style>
<link rel=stylesheet href=javascript:RUN>
<meta http-equiv=refresh content='0;url=javascript:RUN'>
<base href=javascript:RUN//>
<form action=javascript:RUN><button>
<!--<script>RUN</script>-->
<![CDATA[<script>RUN</script>]]>
]]><script>RUN</script>
${RUN}
{{RUN}}
`;RUN;`
\";RUN;//
&lt;script&gt;RUN&lt;/script&gt;
__proto__
constructor
%CONTENT%
""".strip().splitlines()
] + [f"\u2028{SCRIPT}\u2029", "\u202etxt.exe", "a" * 5000]


def hostile_scene() -> tuple[SceneGraph, Highlights]:
    """Every string as the label of an object, and as id, relation and origin of what it means."""
    graph = SceneGraph(PhotoInfo(HOSTILE[0], 640, 480), HOSTILE[1])
    for number, text in enumerate(HOSTILE):
        box = (number * 10, number * 10, number * 10 + 60, number * 10 + 40)
        graph.add(Node(f"object:{number}", NodeKind.OBJECT, text, text, 0.5, box))
    for number, text in enumerate(HOSTILE):
        graph.add(Node(text, NodeKind.CONCEPT, text, text))
        link = Edge(f"object:{number}", text, EdgeKind.LINK, text, text, via=(text,))
        graph.connect(link)
    keys = ("kind", "piece", "weight", "answer", "probability", "change", "control")
    effects = [
        dict(zip(keys, ("box", text, 1.0, text, 0.5, -0.5, None), strict=True)) for text in HOSTILE
    ]
    edges = frozenset(graph.edges())
    nodes = frozenset(node.id for node in graph.nodes())
    return graph, Highlights(HOSTILE[0], HOSTILE[1], nodes, edges, effects=effects)


def test_hostile_labels_run_no_script(opened: Open) -> None:
    assert len(HOSTILE) == 41
    shown = opened(*hostile_scene())
    page = shown.page
    page.get_by_role("button", name="Unfold everything").click()
    labels = page.locator("#objects .name").all_text_contents()
    assert [label.split("  ", 1)[1] for label in labels] == HOSTILE
    for _ in HOSTILE:  # the panel of each, and its box and node lit up
        page.keyboard.press("ArrowDown")
    for box in page.locator("#photo g[data-id]").all()[:5]:
        box.dispatch_event("pointerenter")
    page.locator("#path .name").first.dispatch_event("pointerenter")
    page.get_by_role("switch").first.check()
    page.get_by_label("search by name").fill("<")
    assert page.evaluate("[window.hacked, ({}).hacked]") == [None, None]
    scripts = "[...document.scripts].map(one => one.id)"
    assert page.evaluate(scripts) == ["licences", "content", ""]
    assert page.locator("iframe, object, embed, form[action], #graph img").count() == 0
    assert [node["label"] for node in shown.saved("graph")["nodes"][:41]] == HOSTILE


def test_a_script_that_got_into_the_page_would_not_run(browser: Any, tmp_path: Path) -> None:
    export(SceneGraph(), [tmp_path / "page.html"])
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto((tmp_path / "page.html").as_uri())
    page.evaluate(
        "() => { const one = document.createElement('script');"
        " one.textContent = 'window.hacked = 1'; document.body.append(one); }"
    )
    assert page.evaluate("window.hacked") is None
    assert "Content Security Policy" in refused[0]
    page.close()
