// Markdown as most programs read it: tables with pipes, commands in fences.
#include <fmt/format.h>

#include "sim/report/page/text.h"

namespace xs::report {
namespace {

std::string cell_text(const Cell& cell, Notes& notes) {
  std::string text;
  switch (cell.kind) {
    case Cell::Kind::figure:
    case Cell::Kind::text:
      text = markdown_escape(cell.text);
      break;
    case Cell::Kind::failed:
      text = "**failed**";
      break;
    case Cell::Kind::refused:
      text = "refused";
      break;
    case Cell::Kind::none:
      text = "–";
      break;
  }
  const unsigned number = notes.number_of(cell);
  return number == 0 ? text : fmt::format("{} ({})", text, number);
}

std::string head_of(const TableColumn& c) {
  return markdown_escape(c.group.empty() ? c.name : c.group + ": " + c.name);
}

void add(std::string& out, const Paragraph& p) { out += markdown_escape(p.text) + "\n\n"; }

void add(std::string& out, const Table& table) {
  out += fmt::format("**{}**\n\n| {} |", markdown_escape(table.caption), markdown_escape(table.corner));
  for (const TableColumn& c : table.columns) out += fmt::format(" {} |", head_of(c));
  out += "\n|---|";
  for (std::size_t i = 0; i < table.columns.size(); ++i) out += "---:|";
  out += '\n';
  Notes notes(table);
  for (const Row& row : table.rows) {
    const std::string name = markdown_escape(row.name);
    out += row.cells.empty() ? "| **" + name + "** |" : "| " + name + " |";
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      out += i < row.cells.size() ? fmt::format(" {} |", cell_text(row.cells[i], notes)) : " |";
    out += '\n';
  }
  out += '\n';
  for (std::size_t i = 0; i < notes.sentences().size(); ++i)
    out += fmt::format("({}) {}\n\n", i + 1, markdown_escape(notes.sentences()[i]));
}

void add(std::string& out, const Plot& plot) {
  out += fmt::format("*Plotted in the HTML page: {}.*\n\n", markdown_escape(plot.title));
}

void add(std::string& out, const Commands& commands) {
  out += fmt::format("{}\n\n", markdown_escape(commands.what));
  for (const std::string& line : commands.lines) out += "    " + line + '\n';
  out += '\n';
}

}  // namespace

std::string markdown_of(const Document& document) {
  std::string out = fmt::format("# {}\n\n", markdown_escape(document.title));
  for (const std::string& text : document.introduction) add(out, Paragraph{text});
  for (const Section& section : document.sections) {
    out += fmt::format("## {}\n\n", markdown_escape(section.title));
    for (const Block& block : section.blocks) std::visit([&](const auto& b) { add(out, b); }, block);
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace xs::report
