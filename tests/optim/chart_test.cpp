#include <autodiff/error.hpp>
#include <optim/chart.hpp>
#include <optim/svg.hpp>

#include "../support/temporary_file.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
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

/// The points of the n-th polyline.
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
  CHECK(p[1].y < p[0].y);  // upward
}

TEST_CASE("ticks are round numbers") {
  const std::string svg = optim::Chart().line("", {0, 100}, {0, 1}).svg();
  for (const char* tick : {"0", "20", "40", "100", "0.2", "0.8", "1"}) CHECK(has_text(svg, tick));
  const std::string wide = optim::Chart({.log_x = true, .log_y = true}).line("", {1, 1e5}, {1e-3, 1e3}).svg();
  for (const char* tick : {"1", "10", "10k", "0.001", "1000"}) CHECK(has_text(wide, tick));
  const std::string narrow = optim::Chart({.log_y = true}).line("", {1, 2}, {0.1, 2}).svg();
  for (const char* tick : {"0.1", "0.2", "0.5", "1", "2"}) CHECK(has_text(narrow, tick));
}

TEST_CASE("logarithmic axes are to scale, and leave out what is not positive") {
  optim::Chart chart({.log_x = true, .log_y = true});
  chart.line("", {1, 10, 100}, {1, 0.1, 0.01}).line("", {0, 1, 10, -1}, {1, 1, 1, 1});
  const auto p = points(chart.svg(), 1);
  REQUIRE(p.size() == 3);
  CHECK(p[1].x - p[0].x == doctest::Approx(p[2].x - p[1].x).epsilon(1e-3));
  CHECK(p[1].y - p[0].y == doctest::Approx(p[2].y - p[1].y).epsilon(1e-3));
  CHECK(points(chart.svg(), 2).size() == 2);
}

TEST_CASE("points that are not finite leave gaps, lone ones are dots") {
  const double nan = std::nan("");
  optim::Chart chart;
  chart.line("", {0, 1, 2, 3, 4, 5, 6}, {1, 2, nan, 3, std::numeric_limits<double>::infinity(), 1, 2});
  const std::string svg = chart.svg();
  CHECK(count(svg, "<polyline") == 3);
  CHECK(count(svg, "<circle") == 1);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
}

TEST_CASE("nothing, one point, equal values, steps") {
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

TEST_CASE("files, and what does not fit") {
  const check::TemporaryFile file;
  optim::Chart chart;
  chart.save(file.path);
  CHECK(check::read_file(file.path) == chart.svg());
  CHECK_THROWS_WITH_AS(chart.line("loss", {1, 2}, {1}),
                       "Chart: line \"loss\": 2 x and 1 y came, expected equally many", ValueError);
  CHECK_THROWS_AS(chart.save("/no/such/folder/a.svg"), FileError);
}

TEST_CASE("drawings: escaped text, scripts, coordinates to a hundredth") {
  optim::Svg svg(100, 50, "");
  svg.text({1, 2}, "x_{1}^{(k)} & y").line({0, 1.0 / 3}, {-0.0001, 2});
  CHECK(svg.str().find("x</tspan><tspan") != std::string::npos);
  CHECK(svg.str().find(">1</tspan>") != std::string::npos);
  CHECK(svg.str().find("&amp; y") != std::string::npos);
  CHECK(svg.str().find("y1=\"0.33\" x2=\"0\"") != std::string::npos);
  CHECK(optim::Svg(1, 1, "").text({0, 0}, "f{x}").str().find(">f{x}<") != std::string::npos);
  CHECK(optim::escape_xml("<a href='b'>\"\x01") == "&lt;a href=&#39;b&#39;&gt;&quot; ");
}
