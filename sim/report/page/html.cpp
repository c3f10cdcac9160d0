// One file that needs nothing beside it: styles and pictures are in it. It is well-formed XML, too.
#include <fmt/format.h>

#include "sim/core/xml_text.h"
#include "sim/report/page/plot.h"
#include "sim/report/page/style.h"
#include "sim/report/page/text.h"

namespace xs::report {
namespace {

std::string cell_text(const Cell& cell, Notes& notes) {
  const unsigned number = notes.number_of(cell);
  const std::string note = number == 0 ? "" : fmt::format("<sup>{}</sup>", number);
  switch (cell.kind) {
    case Cell::Kind::figure:
      return fmt::format("<td>{}{}</td>", xml_escape(cell.text), note);
    case Cell::Kind::text:
      return fmt::format("<td class=\"word\">{}{}</td>", xml_escape(cell.text), note);
    case Cell::Kind::failed:
      return fmt::format("<td class=\"failed\">failed{}</td>", note);
    case Cell::Kind::refused:
      return fmt::format("<td class=\"absent\">refused{}</td>", note);
    case Cell::Kind::none:
      break;
  }
  return fmt::format("<td class=\"absent\">–{}</td>", note);
}

/// How many columns from `at` on are of the same group.
std::size_t group_size(const std::vector<TableColumn>& columns, std::size_t at) {
  std::size_t end = at + 1;
  while (end < columns.size() && columns[end].group == columns[at].group) ++end;
  return end - at;
}

std::string table_head(const Table& table) {
  std::string groups, names;
  bool grouped = false;
  for (std::size_t i = 0; i < table.columns.size(); i += group_size(table.columns, i)) {
    const std::string& group = table.columns[i].group;
    grouped |= !group.empty();
    groups += fmt::format("<th class=\"group\" colspan=\"{}\">{}</th>", group_size(table.columns, i),
                          xml_escape(group));
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const bool first = i == 0 || table.columns[i].group != table.columns[i - 1].group;
    names += fmt::format("<th{}>{}</th>", first && grouped ? " class=\"first\"" : "",
                         xml_escape(table.columns[i].name));
  }
  const std::string corner = fmt::format("<th class=\"name\">{}</th>", xml_escape(table.corner));
  return (grouped ? fmt::format("<tr><th></th>{}</tr>", groups) : "") +
         fmt::format("<tr>{}{}</tr>", corner, names);
}

void add(std::string& out, const Paragraph& p) { out += fmt::format("<p>{}</p>\n", xml_escape(p.text)); }

void add(std::string& out, const Table& table) {
  out += fmt::format("<div class=\"wide\"><table><caption>{}</caption>\n<thead>{}</thead>\n<tbody>\n",
                     xml_escape(table.caption), table_head(table));
  Notes notes(table);
  for (const Row& row : table.rows) {
    if (row.cells.empty()) {
      out += fmt::format("<tr class=\"heading\"><th colspan=\"{}\">{}</th></tr>\n", table.columns.size() + 1,
                         xml_escape(row.name));
      continue;
    }
    out += fmt::format("<tr><th class=\"name\">{}</th>", xml_escape(row.name));
    for (const Cell& cell : row.cells) out += cell_text(cell, notes);
    out += "</tr>\n";
  }
  out += "</tbody></table></div>\n";
  if (notes.sentences().empty()) return;
  out += "<ol class=\"notes\">";
  for (const std::string& sentence : notes.sentences())
    out += fmt::format("<li>{}</li>", xml_escape(sentence));
  out += "</ol>\n";
}

void add(std::string& out, const Plot& plot) {
  if (const std::string picture = svg_of(plot); !picture.empty())
    out += fmt::format("<figure><figcaption>{}</figcaption>{}</figure>\n", xml_escape(plot.title), picture);
}

void add(std::string& out, const Commands& commands) {
  out += fmt::format("<details open=\"open\"><summary>{}</summary><pre>", xml_escape(commands.what));
  for (const std::string& line : commands.lines) out += xml_escape(line) + '\n';
  out += "</pre></details>\n";
}

}  // namespace

std::string html_of(const Document& document) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta "
      "charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light "
      "dark\"/>\n<title>{0}</title>\n<style>\n{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
      xml_escape(document.title), page_style());
  for (const std::string& text : document.introduction) add(out, Paragraph{text});
  out += "<nav><ul>\n";
  for (const Section& s : document.sections)
    out += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", xml_escape(s.id), xml_escape(s.title));
  out += "</ul></nav>\n";
  for (const Section& s : document.sections) {
    out += fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n", xml_escape(s.id), xml_escape(s.title));
    for (const Block& block : s.blocks) std::visit([&](const auto& b) { add(out, b); }, block);
    out += "</section>\n";
  }
  return out + "</body>\n</html>\n";
}

}  // namespace xs::report
