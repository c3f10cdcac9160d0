// A document as plain data: what a page shows, whatever it is written in. HTML and Markdown are made from the
// same one, so that they say the same numbers.
//
//     Document ── Section ── Block: Paragraph | Table | Plot | Commands
//                                             └ Row ── Cell: a figure, a word, or why there is none
#pragma once
#include <string>
#include <variant>
#include <vector>

namespace xs::report {

struct Cell {
  /// refused: by what was measured; failed: the measurement; none: it says nothing here.
  enum class Kind { figure, text, refused, failed, none };
  Kind kind = Kind::none;
  std::string text;  ///< of a figure or text; else ignored
  std::string why;   ///< a sentence, shown once below the table; may be empty
};

struct Row {
  std::string name;
  std::vector<Cell> cells;  ///< as many as columns; none at all: the row is a heading
};

struct TableColumn {
  std::string group, name;  ///< neighbours of one group share a head; a group "" has none
};

struct Table {
  std::string caption, corner;  ///< corner: what the first column is
  std::vector<TableColumn> columns;
  std::vector<Row> rows;
  std::vector<std::string> notes = {};  ///< sentences below it
};
/// Columns that have no figure at all, for one reason, become a note, so that figures stand together; not
/// when none would be left.
Table folded(Table table);

struct Point {
  double x = 0, y = 0;
};
struct Series {
  std::string name;
  std::vector<Point> points;  ///< ascending in x
};
/// Lines over a number, or bars over words.
struct Plot {
  std::string title, x, y;
  std::vector<Series> series;
  std::vector<std::string> bars;  ///< names of the places 0, 1, ... on the x axis; empty: lines
  double reaches = 0;             ///< the y axis does, at least: for plots that are compared
};

struct Paragraph {
  std::string text;
};
struct Commands {
  std::string what;
  std::vector<std::string> lines;  ///< as typed
};
using Block = std::variant<Paragraph, Table, Plot, Commands>;

struct Section {
  std::string id, title;  ///< id: a word for links
  std::vector<Block> blocks;
};

struct Document {
  std::string title;
  std::vector<std::string> introduction;
  std::vector<Section> sections;
};

std::string html_of(const Document& document);
std::string markdown_of(const Document& document);

}  // namespace xs::report
