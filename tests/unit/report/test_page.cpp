// A page says what its document says, whatever text is in it, in HTML and in Markdown.
#include <catch2/catch.hpp>

#include "sim/core/xml_text.h"
#include "sim/report/page/text.h"

using namespace xs::report;
using Catch::Matchers::Contains;
using xs::xml_escape;

namespace {

Cell figure(const std::string& text) { return {Cell::Kind::figure, text, ""}; }

Document with(Block block) { return {"title", {}, {{"one", "Section", {std::move(block)}}}}; }

Table small() {
  return {"caption",
          "what",
          {{"A", "x"}, {"A", "y"}, {"B", "x"}},
          {{"row", {figure("1"), figure("2"), figure("3")}}}};
}

std::size_t times(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("report page: text is escaped", "[report]") {
  CHECK(xml_escape("a<b>&\"c'") == "a&lt;b&gt;&amp;&quot;c'");
  CHECK(xml_escape("") == "");
  CHECK(xml_escape("µs – ok\n") == "µs – ok\n");
  CHECK(markdown_escape("a|b_c*`<d>[e]\\\n") == "a\\|b\\_c\\*\\`&lt;d>\\[e\\]\\\\ ");
}

TEST_CASE("report page: what XML forbids is replaced", "[report]") {
  const std::string replaced = "\xef\xbf\xbd";
  CHECK(xml_escape(std::string("a\0b", 3)) == "a" + replaced + "b");
  CHECK(xml_escape("\x1b[0m") == replaced + "[0m");
  CHECK(xml_escape("\xff") == replaced);
  CHECK(xml_escape("\xc3") == replaced);                                // the rest is missing
  CHECK(xml_escape("\xc0\xaf") == replaced + replaced);                 // too long for what it says
  CHECK(xml_escape("\xed\xa0\x80") == replaced + replaced + replaced);  // half of a pair
  CHECK(xml_escape("\xf4\x90\x80\x80") ==
        replaced + replaced + replaced + replaced);  // behind the last character
  CHECK(xml_escape("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
}

TEST_CASE("report page: an empty document is one", "[report]") {
  CHECK_THAT(html_of({"nothing", {}, {}}), Contains("<h1>nothing</h1>") && Contains("</html>"));
  CHECK(markdown_of({"nothing", {}, {}}) == "# nothing\n");
  CHECK_THAT(html_of(with(Table{"empty", "", {}, {}})), Contains("<caption>empty</caption>"));
  CHECK(html_of(with(Plot{"no points", "x", "y", {{"s", {}}}, {}})).find("<svg") == std::string::npos);
}

TEST_CASE("report page: both have all figures, under heads that fit", "[report]") {
  const Document d = with(small());
  CHECK_THAT(html_of(d), Contains("<td>1</td><td>2</td><td>3</td>"));
  CHECK_THAT(html_of(d), Contains("colspan=\"2\">A</th>") && Contains("colspan=\"1\">B</th>"));
  CHECK_THAT(markdown_of(d),
             Contains("| what | A: x | A: y | B: x |\n|---|---:|---:|---:|\n| row | 1 | 2 | 3 |\n"));
}

TEST_CASE("report page: a cell without a figure says why, once", "[report]") {
  Table t = small();
  const Cell no{Cell::Kind::refused, "", "not <here>"};
  t.rows = {{"a", {no, figure("2"), {Cell::Kind::failed, "", "it broke"}}},
            {"b", {no, {}, {Cell::Kind::none, "", "other"}}}};
  const std::string html = html_of(with(t)), markdown = markdown_of(with(t));
  CHECK(times(html, "refused<sup>1</sup>") == 2);
  CHECK(times(html, "refused: not &lt;here&gt;") == 1);
  CHECK_THAT(html, Contains("class=\"failed\">failed<sup>2</sup>") &&
                       Contains("<li>failed: it broke</li><li>other</li>"));
  CHECK_THAT(html, Contains("<td class=\"absent\">–</td>"));
  CHECK_THAT(markdown, Contains("| a | refused (1) | 2 | **failed** (2) |") &&
                           Contains("| b | refused (1) | – | – (3) |"));
  CHECK_THAT(markdown, Contains("(1) refused: not &lt;here>\n") && Contains("(3) other\n"));
}

TEST_CASE("report page: a column that is refused altogether becomes a note", "[report]") {
  const Cell no{Cell::Kind::refused, "", "no x"}, other{Cell::Kind::refused, "", "no y"};
  Table t = small();
  t.rows = {{"part", {}}, {"a", {no, figure("2"), other}}, {"b", {no, figure("3"), no}}};
  const Table f = folded(t);
  REQUIRE(f.columns.size() == 2);
  CHECK(f.columns[0].name == "y");
  CHECK(f.rows[0].cells.empty());
  CHECK(f.rows[2].cells[0].text == "3");
  CHECK(f.notes == std::vector<std::string>{"A x: refused: no x"});
  CHECK_THAT(markdown_of(with(f)), Contains("| refused (2) |") && Contains("(1) A x: refused: no x\n"));
  t.rows = {{"a", {no, no, other}}};
  CHECK(folded(t).columns.size() == 3);  // or nothing would be left
  t.rows = {{"a", {{Cell::Kind::none, "", "not here"}, figure("1"), {}}}};
  CHECK(folded(t).columns.size() == 2);  // a cell that says nothing gives no reason
  CHECK(folded(t).notes == std::vector<std::string>{"A x: not here"});
  t.rows = {{"a", {no, figure("1"), no}}};
  CHECK(folded(t).notes == std::vector<std::string>{"A x, B x: refused: no x"});
}

TEST_CASE("report page: a row without cells is a heading over all columns", "[report]") {
  Table t = small();
  t.rows.insert(t.rows.begin(), Row{"part", {}});
  CHECK_THAT(html_of(with(t)), Contains("<th colspan=\"4\">part</th>"));
  CHECK_THAT(markdown_of(with(t)), Contains("| **part** | | | |\n"));
}

TEST_CASE("report page: commands can be copied as they are", "[report]") {
  const Document d = with(Commands{"run:", {"./x --set 'a=<1>' | cat"}});
  CHECK_THAT(markdown_of(d), Contains("\n    ./x --set 'a=<1>' | cat\n"));
  CHECK_THAT(html_of(d), Contains("<pre>./x --set 'a=&lt;1&gt;' | cat\n</pre>"));
}
