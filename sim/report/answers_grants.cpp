// What a packet costs by the way in which it is received, and where one way becomes cheaper than another.
#include <fmt/format.h>

#include <algorithm>

#include "sim/report/answers.h"

namespace xs::report {
namespace {

constexpr Measure packet_time = {"simulated µs", Measure::From::time, "", 1, 2};
constexpr unsigned frame_bytes = 4096;

Words settings(const char* way, unsigned bytes) {
  return {fmt::format("receive={}", way), fmt::format("bytes={}", bytes)};
}

std::vector<TableColumn> heads(const Columns& columns) {
  std::vector<TableColumn> all;
  for (const Column& c : columns.all()) all.push_back(c.head());
  return all;
}

Table times(Columns& columns, const Workload& w) {
  Table t{"A packet from dom0 to a domain: simulated µs", "received by", heads(columns), {}};
  for (const char* way : receive_ways())
    for (const unsigned bytes : packet_sizes(columns.quick())) {
      Measure m = packet_time;
      const std::string name = fmt::format("{}, {} bytes", way, bytes);
      m.name = name.c_str();
      t.rows.push_back(columns.row(w, m, true, settings(way, bytes)));
    }
  return t;
}

/// The straight line that is nearest to the points (least squares).
struct Line {
  double at_zero = 0, slope = 0;
  explicit Line(const std::vector<Point>& points) {
    double x = 0, y = 0, xx = 0, xy = 0;
    for (const Point& p : points) x += p.x, y += p.y, xx += p.x * p.x, xy += p.x * p.y;
    const auto n = static_cast<double>(points.size());
    slope = (n * xy - x * y) / (n * xx - x * x);
    at_zero = (y - slope * x) / n;
  }
};

/// From which size on the other way costs less: where the line of what it costs more goes below zero.
std::string crossing(const Line& line) {
  if (line.slope == 0) return line.at_zero < 0 ? "0 bytes" : "no size";
  const double at = -line.at_zero / line.slope;
  if (line.slope > 0) return at > 0 ? fmt::format("0 up to {:.0f} bytes", at) : "no size";
  if (at <= 0) return "0 bytes";
  return fmt::format("{:.0f} bytes{}", at, at > frame_bytes ? ", over a frame" : "");
}

/// Points of one way in one column of the table of times; as many as have figures.
std::vector<Point> points_of(const Table& t, std::size_t way, std::size_t column,
                             std::span<const unsigned> sizes) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const Cell& cell = t.rows[way * sizes.size() + i].cells[column];
    if (cell.kind == Cell::Kind::figure)
      points.push_back({static_cast<double>(sizes[i]), std::stod(cell.text)});
  }
  return points;
}

/// Each way against the first one.
Table crossovers(const Table& t, std::span<const unsigned> sizes) {
  Table out{"Against " + std::string(receive_ways()[0]) + ", by a straight line through the table above",
            "",
            t.columns,
            {}};
  for (std::size_t way = 1; way < receive_ways().size(); ++way) {
    const std::string name = receive_ways()[way];
    Row more{fmt::format("{}: more for an empty packet (µs)", name), {}},
        slope{fmt::format("{}: more for each byte (ns)", name), {}},
        at{fmt::format("{} is cheaper from", name), {}};
    for (std::size_t c = 0; c < t.columns.size(); ++c) {
      const std::vector<Point> first = points_of(t, 0, c, sizes);
      std::vector<Point> other = points_of(t, way, c, sizes);
      if (first.size() != sizes.size() || other.size() != sizes.size()) {
        for (Row* row : {&more, &slope, &at}) row->cells.push_back(t.rows[way * sizes.size()].cells[c]);
        continue;
      }
      for (std::size_t i = 0; i < other.size(); ++i) other[i].y -= first[i].y;
      const Line line(other);
      more.cells.push_back({Cell::Kind::figure, figure_text(line.at_zero, 2), ""});
      slope.cells.push_back({Cell::Kind::figure, figure_text(line.slope * 1e3, 2), ""});
      at.cells.push_back({Cell::Kind::figure, crossing(line), ""});
    }
    for (Row& row : std::vector<Row>{more, slope, at}) out.rows.push_back(row);
  }
  return out;
}

/// One plot for each column that has figures, all to one scale.
void add_plots(const Table& t, std::span<const unsigned> sizes, Section& section) {
  std::vector<Plot> plots;
  double most = 0;
  for (std::size_t c = 0; c < t.columns.size(); ++c) {
    Plot plot{fmt::format("A packet by its size: {}, {}", t.columns[c].group, t.columns[c].name),
              "bytes of a packet",
              "simulated µs",
              {},
              {}};
    bool any = false;
    for (std::size_t way = 0; way < receive_ways().size(); ++way) {
      plot.series.push_back({receive_ways()[way], points_of(t, way, c, sizes)});
      for (const Point& p : plot.series.back().points) any = true, most = std::max(most, p.y);
    }
    if (any) plots.push_back(std::move(plot));
  }
  for (Plot& plot : plots) {
    plot.reaches = most;
    section.blocks.push_back(std::move(plot));
  }
}

Table counts(Columns& columns, const Workload& w, unsigned bytes) {
  Table t{fmt::format("What a packet of {} bytes does", bytes), "for each packet", heads(columns), {}};
  for (const char* way : receive_ways()) {
    t.rows.push_back({way, {}});
    for (const Measure& m : packet_measures())
      t.rows.push_back(columns.row(w, m, true, settings(way, bytes)));
  }
  return t;
}

template <class All>
std::string values(const char* name, const All& all) {
  return fmt::format("{}={}", name, fmt::join(all, ","));
}

}  // namespace

void add_grants(Columns& columns, Section& section) {
  const Workload& w = workload_named("receive");
  const std::span<const unsigned> sizes = packet_sizes(columns.quick());
  const Table t = times(columns, w);
  section.blocks.push_back(folded(t));
  section.blocks.push_back(folded(crossovers(t, sizes)));
  add_plots(t, sizes, section);
  section.blocks.push_back(folded(counts(columns, w, sizes.back())));
  section.blocks.push_back(columns.commands(w, packet_measures(), true,
                                            {values("receive", receive_ways()), values("bytes", sizes)}));
}

}  // namespace xs::report
