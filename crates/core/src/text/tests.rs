use std::borrow::Cow;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn check(to: fn(&RichText) -> Cow<'_, str>, make: fn(String) -> RichText, cases: &[(&str, &str)]) {
    for (input, expected) in cases {
        let text = make((*input).to_owned());
        assert_eq!(to(&text), *expected, "of {input:?}");
    }
}

#[test]
fn html_becomes_safe_html() {
    check(
        RichText::to_html,
        RichText::html,
        &[
            ("Hello", "Hello"),
            ("5 < 6 & 7 > 3", "5 &lt; 6 &amp; 7 &gt; 3"),
            ("<p>a</p>", "<p>a</p>"),
            ("<P CLASS=x onclick=\"alert(1)\">a", "<p>a</p>"),
            ("<script>alert(1)</script>b", "b"),
            ("a<style>p{}</style>b", "ab"),
            ("a<script>never closed", "a"),
            ("<b><i>x</b></i>y", "<b><i>x</i></b>y"),
            ("<img src=x onerror=alert(1)>", ""),
            (
                "<img src=\"https://x.example/a.png\" alt='a \"b\"' width=3>",
                "<img src=\"https://x.example/a.png\" alt=\"a &quot;b&quot;\">",
            ),
            ("<img src='data:image/png;base64,AA' alt=dot>", "dot"),
            (
                "<a href=https://x.example/?a=1&amp;b=2 target=_self>x</a>",
                "<a href=\"https://x.example/?a=1&amp;b=2\" rel=\"noopener noreferrer\" target=\"_blank\">x</a>",
            ),
            ("<a href=\"javascript:alert(1)\">x</a>", "x"),
            ("<a href=\" JaVa&#10;Script:alert(1)\">x</a>", "x"),
            ("<a href=\"&#106;avascript:alert(1)\">x</a>", "x"),
            ("<a href=\"//evil.example\">x</a>", "x"),
            ("<svg/onload=alert(1)>x", "x"),
            ("<math><mi//xlink:href=\"data:x\">x", "x"),
            ("<iframe src=https://x.example>y</iframe>z", "z"),
            ("&lt;script&gt;", "&lt;script&gt;"),
            ("&amp;lt;", "&amp;lt;"),
            ("caf&eacute;", "café"),
            ("a<div>b</div><div>c</div>d", "a<br>b<br>c<br>d"),
            ("<div><p>a</p></div><div>b</div>", "<p>a</p>b"),
            ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
            (
                "<table><tr><th>a<td>b<tr><td>c</table>",
                "<table><tr><th>a</th><td>b</td></tr><tr><td>c</td></tr></table>",
            ),
            ("<!-- no --><!DOCTYPE html>a", "a"),
            ("a<br/>b</br>c<hr>", "a<br>b<br>c<hr>"),
            ("<textarea><b>x</textarea>", "&lt;b&gt;x"),
            ("<del>a</del><ins>b</ins>", "<s>a</s><u>b</u>"),
            ("a&#1;b&#13;c", "abc"),
            ("<b>a\0b</b>", "<b>ab</b>"),
            ("</p></div></b>x", "x"),
            ("<p>a<p>b", "<p>a</p><p>b</p>"),
            ("<h1><p>a<h1>b", "<h1><p>a</p></h1><h1>b</h1>"),
            ("<<b>x", "&lt;<b>x</b>"),
            ("<a href='https://x.example'", ""),
        ],
    );
}

#[test]
fn safe_html_is_not_copied() {
    for html in [
        "Hello, it's \"5 > 4\"",
        "<p>Hello <strong>you</strong>!<br>Bye</p>",
        "<a href=\"https://x.example\" rel=\"noopener noreferrer\" target=\"_blank\">x</a>",
    ] {
        assert!(matches!(
            RichText::html(html).to_html(),
            Cow::Borrowed(same) if same == html
        ));
    }
}

#[test]
fn plain_becomes_html() {
    check(
        RichText::to_html,
        RichText::plain,
        &[
            ("It's \"fine\"", "It's \"fine\""),
            ("a < b & c\nd\r\n\ne", "a &lt; b &amp; c<br>d<br><br>e"),
            ("<b>", "&lt;b&gt;"),
        ],
    );
}

#[test]
fn markdown_becomes_html() {
    check(
        RichText::to_html,
        RichText::markdown,
        &[
            ("Hello", "Hello"),
            ("5 > 4", "5 &gt; 4"),
            ("Hello **you**", "Hello <strong>you</strong>"),
            ("a\n\nb", "<p>a</p>\n<p>b</p>"),
            (
                "# T\n- a\n- b",
                "<h1>T</h1>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>",
            ),
            (
                "[x](https://x.example \"t\") [y](javascript:alert(1))",
                "<a href=\"https://x.example\" rel=\"noopener noreferrer\" target=\"_blank\">x</a> y",
            ),
            ("a <script>alert(1)</script> b", "a  b"),
            ("<div onclick=x>\n\n*a*\n\n</div>", "<em>a</em>"),
            ("`<b>`", "<code>&lt;b&gt;</code>"),
            ("~~a~~", "<s>a</s>"),
            (
                "|a|b|\n|-|-|\n|c|d|",
                "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>\n<tr><td>c</td><td>d</td></tr>\n</tbody></table>",
            ),
        ],
    );
}

#[test]
fn html_becomes_markdown() {
    check(
        RichText::to_markdown,
        RichText::html,
        &[
            ("Hello", "Hello"),
            ("snake_case 2 * 3", "snake_case 2 * 3"),
            ("<p>a</p><p>b</p>", "a\n\nb"),
            ("a<br>b", "a  \nb"),
            ("a<br><br>b", "a\n\nb"),
            ("<div>a</div><div>b</div>", "a  \nb"),
            ("<h2>Title</h2>text", "## Title\n\ntext"),
            (
                "<b>bold</b> <em>it</em> <s>no</s> <u>u</u>",
                "**bold** *it* ~~no~~ u",
            ),
            ("a<b> b </b>c", "a **b** c"),
            ("<b></b>a<b> </b>b", "a b"),
            ("<b><strong>a</strong></b>", "**a**"),
            ("<b>a</b><b>b</b>", "**ab**"),
            ("<b>a!</b>b", "**a!**&#98;"),
            ("a<b>(b)</b>", "&#97;**(b)**"),
            ("<b><p>a</p><p>b</p></b>", "**a**\n\n**b**"),
            (
                "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>",
                "- a\n- b\n  - c\n- d",
            ),
            (
                "<ol start=9><li>a<li>b<p>c</p></ol>",
                "9. a\n10. b\n\n    c",
            ),
            ("<ul><li>a<ul><li>b</ul>c</ul>", "- a\n  - b\n\n  c"),
            (
                "x<ul><li><p>a</p></li><li><p>b</p></li></ul>y",
                "x\n\n- a\n- b\n\ny",
            ),
            (
                "<a href=\"https://x.example/a_b\">x [1]</a>",
                "[x \\[1\\]](https://x.example/a_b)",
            ),
            (
                "<a href=\"https://x.example\"></a>",
                "[https://x.example](https://x.example)",
            ),
            (
                "wow!<a href=\"https://x.example\"><b>x</b> y</a>",
                "wow\\![**x** y](https://x.example)",
            ),
            (
                "<img src=https://x.example/(1).png alt=A>",
                "![A](https://x.example/%281%29.png)",
            ),
            (
                "<blockquote><p>a</p><p>b</p></blockquote>c",
                "> a\n>\n> b\n\nc",
            ),
            (
                "<blockquote>a</blockquote><blockquote>b</blockquote>",
                "> a\n\n> b",
            ),
            ("use <code>a`b</code>", "use ``a`b``"),
            (
                "<pre><code>a *b*\n  c\n</code></pre>d",
                "```\na *b*\n  c\n```\n\nd",
            ),
            (
                "<ul><li>a<pre>b\nc</pre></ul>",
                "- a\n\n  ```\n  b\n  c\n  ```",
            ),
            ("a<hr>b", "a\n\n---\n\nb"),
            ("*a* 1. <p># b</p>- c", "\\*a\\* 1.\n\n\\# b\n\n\\- c"),
            ("<u># a</u>", "\\# a"),
            ("&lt;b&gt; &amp;amp; C:\\dir", "\\<b> \\&amp; C:\\dir"),
            (
                "<table><tr><th>a</th><th>b|c</th></tr><tr><td><b>d</b></td><td></td></tr></table>x",
                "| a | b\\|c |\n| --- | --- |\n| **d** |  |\n\nx",
            ),
            (
                "<b>a<table><tr><td>b</td></tr></table>c</b>",
                "**a**\n\n| b |\n| --- |\n\n**c**",
            ),
            ("<h1>a<br>b</h1>", "# a b"),
        ],
    );
}

#[test]
fn plain_becomes_markdown() {
    check(
        RichText::to_markdown,
        RichText::plain,
        &[
            ("Hello. 5 apples (1.50 €)!", "Hello. 5 apples (1.50 €)!"),
            ("snake_case, a * b", "snake_case, a * b"),
            ("*a*", "\\*a\\*"),
            ("1. a", "1\\. a"),
            ("- a\n+ b\nc", "\\- a  \n\\+ b  \nc"),
            ("a\n---\nb", "a  \n\\---  \nb"),
            ("a\n\nb", "a\n\nb"),
            ("    a", "\u{a0}\u{a0}\u{a0}\u{a0}a"),
            ("# a #1", "\\# a #1"),
            ("I <3 you & <b>", "I <3 you & \\<b>"),
            ("[x](y)", "\\[x](y)"),
            ("https://x.example/a_b/_c/~d", "https://x.example/a_b/_c/~d"),
        ],
    );
    for text in ["Hello", "5 apples. -3 °C", "", "a (b) #c"] {
        assert!(matches!(
            RichText::plain(text).to_markdown(),
            Cow::Borrowed(_)
        ));
    }
}

#[test]
fn markup_becomes_plain() {
    check(
        RichText::to_plain,
        RichText::html,
        &[
            ("Hello  you", "Hello  you"),
            ("<p>a  b</p>\n<p>c &amp; d</p>", "a b\n\nc & d"),
            ("a<br>b", "a\nb"),
            ("<a href=https://x.example>x</a>", "x (https://x.example)"),
            (
                "<a href=https://x.example>https://x.example</a>",
                "https://x.example",
            ),
            ("<a href=mailto:a@x.example>a@x.example</a>", "a@x.example"),
            ("<ul><li>a</li><li>b<ol><li>c</ol></ul>", "- a\n- b\n  1. c"),
            (
                "<img src=https://x.example/a.png alt=A>",
                "A (https://x.example/a.png)",
            ),
            (
                "<img src=https://x.example/a.png>",
                "https://x.example/a.png",
            ),
            ("<b>a</b><i>b</i> *c*", "ab *c*"),
            (
                "<table><tr><td>a<td>b<tr><td>c<td>d</table>",
                "a | b\nc | d",
            ),
            ("<pre>a\n  b</pre>", "a\n  b"),
            ("<h1>a</h1>b", "a\n\nb"),
            ("a&nbsp;b", "a\u{a0}b"),
            ("<b>a</b>&nbsp;<b>b</b>", "a b"),
        ],
    );
    check(
        RichText::to_plain,
        RichText::markdown,
        &[
            ("Hello", "Hello"),
            ("a\n\nb", "a\n\nb"),
            ("**a** [b](https://x.example)", "a b (https://x.example)"),
            ("* a\n* b", "- a\n- b"),
            ("a  \nb", "a\nb"),
            ("a\nb", "a b"),
            ("snake_case", "snake_case"),
            (
                "![A](https://x.example/a.png)",
                "A (https://x.example/a.png)",
            ),
        ],
    );
}

#[test]
fn markup_becomes_linked() {
    check(
        RichText::to_linked,
        RichText::html,
        &[
            ("a > b", "a &gt; b"),
            ("<p>a &amp; b</p><p>c</p>", "a &amp; b\n\nc"),
            (
                "<a href='https://x.example/?a&amp;b'><b>x</b></a>",
                "<a class=\"linkified\" target=\"_blank\" href=\"https://x.example/?a&amp;b\">x</a>",
            ),
            ("<a href='javascript:x'>x</a>", "x"),
            (
                "<img src=https://x.example/a.png alt=A>",
                "<a class=\"linkified\" target=\"_blank\" href=\"https://x.example/a.png\">A</a>",
            ),
            (
                "<a href=https://x.example><img src=https://x.example/a.png alt=A></a>",
                "<a class=\"linkified\" target=\"_blank\" href=\"https://x.example\">A</a>",
            ),
        ],
    );
    check(
        RichText::to_linked,
        RichText::plain,
        &[("a\nb <c>", "a\nb &lt;c&gt;")],
    );
}

#[test]
fn entities_and_addresses() {
    assert_eq!(
        unescape_entities("a &amp; &lt;b&gt; <i> &eacute;&#33; &"),
        "a & <b> <i> é! &"
    );
    assert_eq!(unescape_entities("</title>&gt;"), "</title>>");
    assert!(matches!(unescape_entities("<b>"), Cow::Borrowed("<b>")));
    assert_eq!(
        escape_html("<a b=\"c\" d='e'>&"),
        "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;"
    );
    assert!(matches!(escape_html("a"), Cow::Borrowed("a")));
    for (url, safe) in [
        (" https://x.example/a ", Some("https://x.example/a")),
        ("HTTPS://x.example", Some("HTTPS://x.example")),
        ("mailto:a@x.example", Some("mailto:a@x.example")),
        ("tel:+33123", Some("tel:+33123")),
        ("\u{1}https://x.example", Some("https://x.example")),
        ("javascript:alert(1)", None),
        ("java\tscript:alert(1)", None),
        ("https://x.example/\n", Some("https://x.example/")),
        ("https://x.ex\nample/", None),
        ("data:text/html,x", None),
        ("//x.example", None),
        ("/x", None),
        ("https:", None),
        ("https:x", None),
        ("", None),
    ] {
        assert_eq!(safe_url(url), safe, "{url:?}");
    }
}

/// Every conversion of `input` in both markups, within a time that only linear work can keep.
fn convert_all(input: &str) {
    for format in [TextFormat::Html, TextFormat::Markdown, TextFormat::Plain] {
        let text = RichText {
            format,
            body: input.to_owned(),
        };
        for to in [
            RichText::to_plain,
            RichText::to_markdown,
            RichText::to_html,
            RichText::to_linked,
        ] {
            let started = Instant::now();
            let out = to(&text);
            let took = started.elapsed();
            let name = input.get(..30).unwrap_or(input);
            assert!(
                took < Duration::from_secs(5),
                "{name:?} {:?} took {took:?}",
                text.format
            );
            assert!(
                out.len() <= 40 * input.len() + 100,
                "{name:?} grew to {}",
                out.len()
            );
        }
    }
}

#[test]
fn a_megabyte_of_hostile_input_takes_linear_time() {
    for piece in [
        "<b>",
        "<ul><li>",
        "<blockquote>",
        "<blockquote><br>x",
        "<table><tr><td>",
        "<a href=https://x.example>",
        "<p><b><i><s>x",
        "</b>",
        "<b></i>",
        "<",
        "<!--",
        "<a ",
        "<a b=",
        "&",
        "&#",
        "&amp",
        "*",
        "*a_",
        "**a ",
        "_a",
        "`",
        "`a``",
        "[",
        "[a](",
        "![",
        "]",
        "> ",
        ">\n",
        "- ",
        "-\n",
        "1. ",
        "|",
        "|-\n",
        "a|b\n",
        "\\",
        "~",
        "#",
        "# a\n",
        "\n",
        " ",
        "\t- a\n",
        "<script>",
        "<pre><code>",
        "<![CDATA[",
        "<?",
        "[a]: b\n",
        "[^",
        "</",
        "<textarea>",
        "<plaintext>",
        "x\u{a0}",
        "\u{1f44d}",
    ] {
        let size = if cfg!(debug_assertions) {
            100_000
        } else {
            1_000_000
        };
        convert_all(&piece.repeat(size / piece.len()));
    }
}

fn arb_html() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-c!(*_ ]{1,4}",
        1 => "[ -~]{0,6}",
        6 => prop::sample::select(vec![
            "<b>", "</b>", "<i>", "</i>", "<p>", "</p>", "<ul>", "</ul>", "<li>", "</li>", "<ol>",
            "</ol>", "<blockquote>", "</blockquote>", "<pre>", "</pre>", "<code>", "</code>",
            "<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<h1>", "</h1>", "<br>",
            "<hr>", "<a href=https://x.example>", "</a>", "<img src=https://x.example/i alt=I>",
            "<div>", "</div>", "<script>", "</script>", "<a href=javascript:x>", "<s>", "</s>",
            "&amp;", "&lt;", "&#106;", "<!--", "-->", "\n", "<x y='", "'>", "\"",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A strict reader of what `to_html` may produce.
fn assert_safe(html: &str) {
    let mut open = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let tag = &rest[at + 1..];
        let end = tag.find('>').expect("a tag ends");
        let (tag, after) = (&tag[..end], &tag[end + 1..]);
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.to_owned()), "in {html:?}");
            continue;
        }
        let name = tag.split(' ').next().unwrap();
        let attributes = &tag[name.len()..];
        match name {
            "a" => assert!(attributes.starts_with(" href=\"https://"), "{html:?}"),
            "img" => assert!(attributes.starts_with(" src=\"https://"), "{html:?}"),
            _ => assert_eq!(attributes, "", "in {html:?}"),
        }
        match name {
            "br" | "hr" | "img" => {}
            "p" | "b" | "i" | "s" | "u" | "ul" | "ol" | "li" | "blockquote" | "pre" | "code"
            | "table" | "thead" | "tbody" | "tr" | "td" | "th" | "h1" | "h2" | "h3" | "h4"
            | "h5" | "h6" | "a" | "em" | "strong" => open.push(name.to_owned()),
            other => panic!("{other} in {html:?}"),
        }
    }
    assert!(open.is_empty(), "{open:?} in {html:?}");
}

/// The words only: without white space and what marks structure in plain text.
fn words(text: &str) -> String {
    text.chars()
        .filter(|char| !char.is_whitespace() && !"->|.".contains(*char) && !char.is_numeric())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(debug_assertions) { 500 } else { 20_000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn html_is_always_safe(html in arb_html()) {
        let text = RichText::html(html);
        let safe = text.to_html().into_owned();
        assert_safe(&safe);
        // Safe HTML stays as it is.
        let again = RichText::html(safe.clone());
        prop_assert_eq!(again.to_html(), safe.as_str());
    }

    #[test]
    fn markdown_is_always_safe(text in "[-a-c*_<>/!\\[\\]()`~|#=&;.:\" \n\\\\0-9]{0,60}") {
        assert_safe(&RichText::markdown(text).to_html());
    }

    #[test]
    fn html_keeps_its_words_in_markdown(html in arb_html()) {
        let html = RichText::html(html);
        let markdown = RichText::markdown(html.to_markdown());
        prop_assert_eq!(words(&html.to_plain()), words(&markdown.to_plain()), "{:?}", markdown.body);
    }

    #[test]
    fn plain_text_keeps_its_words_in_markdown(text in "[-a-c*_<>/!\\[\\]()`~|#=&;.:+\"' \n\r\t\\\\0-9é👍]{0,40}") {
        let plain = RichText::plain(text);
        let markdown = RichText::markdown(plain.to_markdown());
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(squeeze(&plain.body), squeeze(&markdown.to_plain()), "{:?}", markdown.body);
    }

    #[test]
    fn plain_text_survives_html(text in "[ -~é👍\n]{0,40}") {
        let html = RichText::html(RichText::plain(text.clone()).to_html());
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(squeeze(&html.to_plain()), squeeze(&text));
    }

    #[test]
    fn linked_holds_links_only(html in arb_html()) {
        let linked = RichText::html(html).to_linked().into_owned();
        for tag in linked.split('<').skip(1) {
            prop_assert!(
                tag.starts_with("a class=\"linkified\" target=\"_blank\" href=\"https://") || tag.starts_with("/a>"),
                "{}", linked
            );
        }
    }
}

#[test]
fn markdown_becomes_safe_markdown() {
    for (markdown, expected) in [
        ("1 < 2 and [no link]", "1 < 2 and [no link]"),
        (
            "**Fat** [x](https://x.example)",
            "**Fat** [x](https://x.example)",
        ),
        (
            "<a@x.example> <https://x.example>",
            "<a@x.example> <https://x.example>",
        ),
        ("`<b>` \\<b>", "`<b>` \\<b>"),
        (
            "<b>fat</b> & <script>bad()</script>plain",
            "**fat** & plain",
        ),
        ("[x](javascript:bad) *y*", "x *y*"),
        ("![x](data:image/png,bad)", "x"),
        ("[x][1]\n\n[1]: vbscript:bad", "x"),
    ] {
        let text = RichText::markdown(markdown);
        assert_eq!(text.to_safe_markdown(), expected, "{markdown}");
    }
    let safe = RichText::markdown("[x](tel:+44)");
    assert!(matches!(safe.to_safe_markdown(), Cow::Borrowed(_)));
    assert_eq!(RichText::plain("<b>").to_safe_markdown(), "\\<b>");
}
