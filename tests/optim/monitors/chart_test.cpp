#include <autodiff/error.hpp>
#include <optim/monitors/chart.hpp>
#include <optim/monitors/svg.hpp>

#include "../../support/temporary_file.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// The points of the polyline at index n.
std::vector<optim::Point> points(const std::string& svg, std::size_t n) {
  std::size_t at = 0;
  for (std::size_t i = 0; i <= n; ++i) at = svg.find("<polyline points=\"", at) + 18;
  std::istringstream text(svg.substr(at, svg.find('"', at) - at));
  std::vector<optim::Point> all;
  char comma = 0;
  for (optim::Point p{}; text >> p.x >> comma >> p.y;) all.push_back(p);
  return all;
}

bool has_text(const std::string& svg, const std::string& text) {
  return svg.find(">" + text + "<") != std::string::npos;
}

}  // namespace

TEST_CASE("a line goes through its points, to scale") {
  optim::Chart chart({.title = "a < b", .x_label = "epoch"});
  chart.line("one", {0, 1, 2, 4}, {0, 10, 5, 0});
  const std::string svg = chart.svg();
  CHECK(svg.starts_with("<svg "));
  CHECK(has_text(svg, "a &lt; b"));
  CHECK(has_text(svg, "epoch"));
  CHECK(has_text(svg, "one"));
  const auto p = points(svg, 1);  // the first is the frame
  REQUIRE(p.size() == 4);
  CHECK(p[2].x - p[0].x == doctest::Approx((p[3].x - p[0].x) / 2).epsilon(1e-3));
  CHECK(p[0].y == p[3].y);
  CHECK(p[0].y - p[2].y == doctest::Approx((p[0].y - p[1].y) / 2).epsilon(1e-3));
  CHECK(p[1].y < p[0].y);  // y increases upward in the chart
}

TEST_CASE("ticks are round numbers") {
  const std::string svg = optim::Chart().line("", {0, 100}, {0, 1}).svg();
  for (const char* tick : {"0", "20", "40", "100", "0.2", "0.8", "1"}) CHECK(has_text(svg, tick));
  const std::string wide = optim::Chart({.log_x = true, .log_y = true}).line("", {1, 1e5}, {1e-3, 1e3}).svg();
  for (const char* tick : {"1", "10", "10k", "0.001", "1000"}) CHECK(has_text(wide, tick));
  const std::string narrow = optim::Chart({.log_y = true}).line("", {1, 2}, {0.1, 2}).svg();
  for (const char* tick : {"0.1", "0.2", "0.5", "1", "2"}) CHECK(has_text(narrow, tick));
}

TEST_CASE("logarithmic axes are to scale and omit values that are not positive") {
  optim::Chart chart({.log_x = true, .log_y = true});
  chart.line("", {1, 10, 100}, {1, 0.1, 0.01}).line("", {0, 1, 10, -1}, {1, 1, 1, 1});
  const auto p = points(chart.svg(), 1);
  REQUIRE(p.size() == 3);
  CHECK(p[1].x - p[0].x == doctest::Approx(p[2].x - p[1].x).epsilon(1e-3));
  CHECK(p[1].y - p[0].y == doctest::Approx(p[2].y - p[1].y).epsilon(1e-3));
  CHECK(points(chart.svg(), 2).size() == 2);
}

TEST_CASE("non-finite points leave gaps, isolated points are dots") {
  const double nan = std::nan("");
  optim::Chart chart;
  chart.line("", {0, 1, 2, 3, 4, 5, 6}, {1, 2, nan, 3, std::numeric_limits<double>::infinity(), 1, 2});
  const std::string svg = chart.svg();
  CHECK(count(svg, "<polyline") == 3);
  CHECK(count(svg, "<circle") == 1);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
}

TEST_CASE("no lines, one point, equal values, steps") {
  for (const auto& chart :
       {optim::Chart(), optim::Chart().line("a", {}, {}), optim::Chart().line("a", {1}, {7}),
        optim::Chart().line("a", {1, 2}, {0, 0}), optim::Chart({.log_y = true}).line("", {1}, {-1})}) {
    const std::string svg = chart.svg();
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(svg.find("nan") == std::string::npos);
    CHECK(svg.find("inf") == std::string::npos);
  }
  const auto p = points(optim::Chart().line("", {0, 1, 2}, {0, 1, 3}, {.steps = true}).svg(), 1);
  REQUIRE(p.size() == 5);
  CHECK(p[1].y == p[0].y);
  CHECK(p[1].x == p[2].x);
}

TEST_CASE("values that are equal up to rounding have a finite number of ticks") {
  for (const double value : {0.1, -3.0, 1e15, 1e-200, 1.7e308}) {
    CAPTURE(value);
    const std::string svg = optim::Chart().line("", {1, 2}, {value, std::nextafter(value, 1e9)}).svg();
    CHECK(svg.size() < 10'000);
    const auto p = points(svg, 1);
    REQUIRE(p.size() == 2);
    CHECK(p[0].y == p[1].y);
  }
  // A single value is in the middle of an axis from 0; the plot has 400 pixels minus the margins 28 and 30.
  const std::string svg = optim::Chart().line("", {1, 2}, {0.05, 0.05}).svg();
  CHECK(points(svg, 1)[0].y == doctest::Approx((28 + 370) / 2.0));
  for (const char* tick : {"0", "0.02", "0.04", "0.06", "0.08", "0.1"}) CHECK(has_text(svg, tick));
}

TEST_CASE("the axis of a single epoch has integer ticks around it") {
  const std::string svg = optim::Chart({.whole_x = true}).line("", {1}, {0.5}).svg();
  for (const char* tick : {"0", "1", "2"}) CHECK(has_text(svg, tick));
  CHECK_FALSE(has_text(svg, "0.5"));
  CHECK_FALSE(has_text(svg, "1.5"));
  const std::string two = optim::Chart({.whole_x = true}).line("", {1, 2}, {0, 3}).svg();
  CHECK_FALSE(has_text(two, "1.2"));
  CHECK(has_text(two, "2"));
}

TEST_CASE("tick labels are distinct") {
  const std::string svg = optim::Chart().line("", {0, 1}, {0.6931472, 0.693148}).svg();
  for (const char* tick : {"0.6931472", "0.6931474", "0.6931476"}) CHECK(has_text(svg, tick));
}

TEST_CASE("legend entries do not overlap and use as many rows as needed") {
  // Upper bound on widths from the metrics of Helvetica Bold (Adobe Core 14), which is wider than Helvetica:
  // with letters of width 0.611 and 0.667, no string is wider than 0.667 times its length.
  const std::vector<std::string> names{"momentum 0.9", "MOMENTUM 0.99, INCREASING",
                                       "Nesterov 0.99, increasing", "plain SGD", std::string(200, 'W')};
  optim::Chart chart({.width = 480});
  for (const std::string& name : names) chart.line(name, {0, 1}, {0, 1});
  const std::string svg = chart.svg();
  double last_end = 0, last_y = 0;
  for (const std::string& name : names) {
    const std::size_t at = svg.find(">" + name.substr(0, 9));
    REQUIRE(at != std::string::npos);
    const std::string text = svg.substr(svg.rfind("<text", at), at - svg.rfind("<text", at));
    const double x = std::stod(text.substr(text.find(" x=\"") + 4)),
                 y = std::stod(text.substr(text.find(" y=\"") + 4));
    const std::string drawn = svg.substr(at + 1, svg.find('<', at) - at - 1);
    CHECK(y >= last_y);
    if (y == last_y) CHECK(x - 32 > last_end);
    last_end = x + 0.5 * 12 * static_cast<double>(drawn.size());
    last_y = y;
    CHECK(last_end <= 480);
  }
  CHECK(svg.find("…") != std::string::npos);
  CHECK(svg.find("…") > svg.find(std::string(9, 'W')));
}

TEST_CASE("a legend with many lines increases the height of the drawing") {
  optim::Chart chart({.width = 300, .height = 200});
  for (int i = 0; i < 100; ++i) chart.line("a line with a name " + std::to_string(i), {0, 1}, {0, 1});
  const auto frame = points(chart.svg(), 0);
  CHECK(frame[1].y - frame[0].y >= 100);
}

TEST_CASE("a mark") {
  optim::Chart chart;
  chart.line("", {0, 10}, {0, 1}).mark(5, "best").mark(11, "outside").mark(std::nan(""), "nowhere");
  const std::string svg = chart.svg();
  CHECK(has_text(svg, "best"));
  CHECK_FALSE(has_text(svg, "outside"));
  CHECK_FALSE(has_text(svg, "nowhere"));
}

TEST_CASE("of many points only those that affect the picture are drawn") {
  std::vector<double> x, y;
  for (int i = 0; i < 200'000; ++i) x.push_back(i), y.push_back(i == 77'777 ? 5 : i % 2);
  const std::string svg = optim::Chart().line("", x, y, {.markers = true}).svg();
  const auto p = points(svg, 1);
  CHECK(p.size() <= 4 * 640);
  double highest = 1e9;
  for (const auto& each : p) highest = std::min(highest, each.y);
  CHECK(highest == 28);  // the spike
  for (std::size_t i = 0; i < y.size(); i += 7) y[i] = std::nan("");
  CHECK(optim::Chart().line("", x, y).svg().size() < 100'000);
  CHECK(count(svg, "<circle") < 3 * 640);
}

// Does nothing unless charts_xml.py starts it; then writes charts of random numbers and texts to a folder.
TEST_CASE("charts of random bits") {
  const char* folder = std::getenv("XGRAD_TEST_CHARTS");
  if (folder == nullptr) return;
  std::mt19937_64 random(1);
  const std::array special{
      0.0,      -0.0,  5e-324, -5e-324, 1e-310, 2.2e-308,     1.7e308,
      -1.7e308, 1e300, 0.1,    -1e16,   1.0,    std::nan(""), std::numeric_limits<double>::infinity()};
  const auto numbers = [&](std::size_t count, std::uint64_t kind) {
    std::vector<double> all;
    double value = std::bit_cast<double>(random());
    for (std::size_t i = 0; i < count; ++i) {
      if (kind == 0) value = std::bit_cast<double>(random());
      if (kind == 1) value = std::nextafter(value, random() % 2 == 0 ? -1e308 : 1e308);
      if (kind == 2) value = special[random() % special.size()];
      if (kind == 3) value = static_cast<double>(i) * 1e-3;
      if (kind == 4) value = std::bit_cast<double>(random() >> 12);  // subnormal
      if (kind == 5) value *= 1 + 1e-5 * static_cast<double>(random() % 16);
      all.push_back(value);
    }
    return all;
  };
  const auto text = [&](std::size_t most) {
    static const std::array pieces{std::string("<b>"),
                                   std::string("\""),
                                   std::string("'"),
                                   std::string("&"),
                                   std::string("]]>"),
                                   std::string("_{"),
                                   std::string("}"),
                                   std::string("\0", 1),
                                   std::string("\xff"),
                                   std::string("\xed\xa0\x80"),
                                   std::string("\xef\xbf\xbf"),
                                   std::string("\xc0\x80"),
                                   std::string("ü"),
                                   std::string("\x1b[0m"),
                                   std::string("<!--")};
    std::string all;
    for (std::size_t i = random() % (most + 1); i > 0; --i) {
      if (random() % 3 == 0)
        all += pieces[random() % pieces.size()];
      else
        all += static_cast<char>(random());
    }
    return all;
  };
  for (int i = 0; i < 600; ++i) {
    optim::Chart chart({.title = text(80),
                        .x_label = text(20),
                        .y_label = text(20),
                        .log_x = random() % 3 == 0,
                        .log_y = random() % 3 == 0,
                        .width = 100 + static_cast<double>(random() % 900),
                        .height = 100 + static_cast<double>(random() % 700),
                        .background = random() % 2 ? "white" : text(5),
                        .whole_x = random() % 2 == 0});
    for (std::size_t k = random() % 4; k > 0; --k) {
      const std::size_t size = random() % 6;
      auto x = numbers(size, random() % 6);
      auto y = numbers(size, random() % 6);
      if (size > 0 && random() % 2 == 0) chart.mark(x[0], text(10));
      chart.line(text(30), std::move(x), std::move(y),
                 {.color = text(6),
                  .dashed = random() % 2 == 0,
                  .markers = random() % 2 == 0,
                  .steps = random() % 2 == 0});
    }
    chart.save(std::filesystem::path(folder) / (std::to_string(i) + ".svg"));
  }
}

TEST_CASE("saving to a file, and invalid arguments") {
  const check::TemporaryFile file;
  optim::Chart chart;
  chart.save(file.path);
  CHECK(check::read_file(file.path) == chart.svg());
  CHECK_THROWS_WITH_AS(chart.line("loss", {1, 2}, {1}),
                       "Chart: line \"loss\": expected equally many x and y, got 2 and 1", ValueError);
  CHECK_THROWS_AS(chart.save("/no/such/folder/a.svg"), FileError);
  CHECK_THROWS_WITH_AS(optim::Chart({.width = 5}),
                       "Chart: expected a size of at least 100 x 100 pixels, got 5 x 400", ValueError);
  CHECK_THROWS_AS(optim::Chart({.height = std::nan("")}), ValueError);
}

TEST_CASE("drawings: escaped text, subscripts and superscripts, coordinates with two decimals") {
  optim::Svg svg(100, 50, "");
  svg.text({1, 2}, "x_{1}^{(k)} & y").line({0, 1.0 / 3}, {-0.0001, 2});
  CHECK(svg.str().find("x</tspan><tspan") != std::string::npos);
  CHECK(svg.str().find(">1</tspan>") != std::string::npos);
  CHECK(svg.str().find("&amp; y") != std::string::npos);
  CHECK(svg.str().find("y1=\"0.33\" x2=\"0\"") != std::string::npos);
  CHECK(optim::Svg(1, 1, "").text({0, 0}, "f{x}").str().find(">f{x}<") != std::string::npos);
  CHECK(optim::escape_xml("<a href='b'>\"\x01") == "&lt;a href=&#39;b&#39;&gt;&quot; ");
  // Invalid UTF-8: a stray byte, an overlong form, a surrogate, beyond U+10FFFF, truncated.
  CHECK(optim::escape_xml("a\xff"
                          "b\xc0\x80") == "a\ufffdb\ufffd\ufffd");
  CHECK(optim::escape_xml("\xed\xa0\x80") == "\ufffd\ufffd\ufffd");
  CHECK(optim::escape_xml("\xf4\x90\x80\x80") == "\ufffd\ufffd\ufffd\ufffd");
  CHECK(optim::escape_xml("é\xe2\x82") == "é\ufffd\ufffd");
  CHECK(optim::escape_xml("€ 𝜇 \xef\xbf\xbf") == "€ 𝜇 \ufffd");  // U+FFFF is not allowed in XML
  svg.circle({std::nan(""), HUGE_VAL}, 1, {.color = "\"/><script>", .fill = "a&b"});
  CHECK(svg.str().find("cx=\"0\" cy=\"1000000000\"") != std::string::npos);
  CHECK(svg.str().find("<script>") == std::string::npos);
  CHECK(svg.str().find("a&amp;b") != std::string::npos);
}
