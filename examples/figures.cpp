// Draws the figures of the lecture note "Training Convolutional Neural Networks" (figures 1 to 5) and the
// path of a network's outputs over the soft-max simplex during training, as SVG: figures --out DIR.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include "command_line.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <string>
#include <vector>

using namespace xgrad;
using optim::Point;
using optim::Svg;
using optim::TextStyle;

constexpr const char* blue = "#0072b2";
constexpr const char* orange = "#d55e00";
constexpr const char* green = "#009e73";

const TextStyle variable{.size = 17, .italic = true};
const TextStyle centred{.size = 17, .anchor = "middle", .italic = true};

/// Maps (x, y), with y upward, to the drawing.
struct Frame {
  Point origin;
  double scale;
  Point operator()(double x, double y) const { return {origin.x + scale * x, origin.y - scale * y}; }
};

// ---- Figure 1 ----

void draw_simplices(const std::filesystem::path& file) {
  Svg svg(720, 330);
  const Frame plane{{60, 250}, 190};
  svg.arrow(plane(0, 0), plane(1.25, 0)).arrow(plane(0, 0), plane(0, 1.2));
  svg.line(plane(1, 0), plane(0, 1), {.color = "#444444", .width = 4});
  svg.circle(plane(0.5, 0.5), 6, {.color = "none", .fill = blue});
  svg.text(plane(1.27, -0.03), "p_{1}", variable).text(plane(-0.04, 1.25), "p_{2}", variable);
  svg.text(plane(0.96, -0.11), "1", {.size = 14}).text(plane(-0.09, 0.97), "1", {.size = 14});
  svg.text(plane(0.55, 0.53), "1/2", {.size = 14, .color = blue});

  // Three axes, seen from the side of the triangle.
  const Frame space{{480, 205}, 1};
  const auto project = [&](double a, double b, double c) {
    return space(-95 * a + 170 * b, -75 * a - 20 * b + 165 * c);
  };
  const Point e1 = project(1, 0, 0), e2 = project(0, 1, 0), e3 = project(0, 0, 1);
  const Point unit = project(1.0 / 3, 1.0 / 3, 1.0 / 3);
  const Point zero = project(0, 0, 0);
  svg.arrow(zero, project(1.3, 0, 0)).arrow(zero, project(0, 1.2, 0)).arrow(zero, project(0, 0, 1.15));
  svg.polygon({e1, e2, e3}, {.color = "#444444", .width = 2, .fill = "#cfd8e0", .opacity = 0.85});
  for (const Point& middle : {project(0.5, 0.5, 0), project(0.5, 0, 0.5), project(0, 0.5, 0.5)}) {
    svg.line(unit, middle, {.color = blue, .width = 2.5});
  }
  svg.circle(unit, 4, {.color = "none", .fill = blue});
  const Point end1 = project(1.3, 0, 0), end2 = project(0, 1.2, 0), end3 = project(0, 0, 1.15);
  svg.text({end1.x - 16, end1.y + 18}, "p_{1}", variable).text({end2.x + 4, end2.y + 14}, "p_{2}", variable);
  svg.text({end3.x + 8, end3.y + 4}, "p_{3}", variable);
  svg.text({e1.x - 18, e1.y - 4}, "1", {.size = 14}).text({e2.x - 4, e2.y + 20}, "1", {.size = 14});
  svg.text({e3.x - 16, e3.y + 4}, "1", {.size = 14});
  svg.save(file);
}

// ---- Figure 2 ----

void draw_loss(const std::filesystem::path& file) {
  Svg svg(640, 300);
  const Frame domain{{60, 240}, 180};
  svg.arrow(domain(-0.08, 0), domain(1.25, 0)).arrow(domain(0, -0.08), domain(0, 1.2));
  svg.line(domain(0, 1), domain(1, 1), {.color = blue, .width = 4})
      .line(domain(0, 0), domain(1, 0), {.color = orange, .width = 4});
  svg.text(domain(1.27, -0.02), "p", variable).text(domain(-0.03, 1.24), "y", variable);
  svg.text(domain(-0.1, 0.97), "1", {.size = 14}).text(domain(0.97, -0.1), "1", {.size = 14});
  svg.text(domain(-0.1, -0.1), "0", {.size = 14});

  const Frame plot{{370, 240}, 1};
  const auto at = [&](double p, double loss) { return plot(220 * p, 38 * loss); };
  svg.arrow(at(-0.05, 0), at(1.12, 0)).arrow(at(0, -0.3), at(0, 5.4));
  for (const int label : {0, 1}) {
    std::vector<Point> curve;
    for (int i = 1; i < 400; ++i) {
      const double p = i / 400.0;
      const double bits = nn::information::binary_cross_entropy(label, p).item();  // the loss in base 2
      if (bits < 5.2) curve.push_back(at(p, bits));
    }
    svg.polyline(curve, {.color = label == 1 ? blue : orange, .width = 2.5});
  }
  svg.line(at(0, 1), at(0.5, 1), {.width = 1, .dashes = "3 3"})
      .line(at(0.5, 0), at(0.5, 1), {.width = 1, .dashes = "3 3"});
  svg.text(at(1.14, -0.1), "p", variable).text(at(0.03, 5.35), "ℓ(y, p)", variable);
  svg.text(at(-0.06, 0.9), "1", {.size = 14})
      .text(at(0.46, -0.5), "1/2", {.size = 14})
      .text(at(0.98, -0.5), "1", {.size = 14});
  svg.text(at(0.09, 3.9), "y = 1", {.size = 15, .color = blue, .italic = true});
  svg.text(at(0.73, 3.9), "y = 0", {.size = 15, .color = orange, .italic = true});
  svg.save(file);
}

// ---- Figure 3 ----

struct ThreeLayers {
  nn::Linear<double> layer1{4, 5}, layer2{5, 4}, layer3{4, 3};
  Variable<double> operator()(const Variable<double>& x) const {
    return layer3(relu(layer2(relu(layer1(x)))));
  }
};

/// The chain of layers that a tape recorded, with the shapes of its operations.
void draw_graph(const std::filesystem::path& file) {
  seed(1);
  ThreeLayers net;
  const Variable<double> x = random_normal<double>({1, 4});
  Tape tape;
  nn::cross_entropy(net(x), xt::xarray<int>{2});
  std::vector<RecordedOperation> layers;
  for (const auto& each : tape.operations(nn::parameters(net))) {
    if (!each.parameters.empty()) layers.push_back(each);
  }

  Svg svg(740, 190);
  const double y = 110;
  const auto box = [&](double left, const std::string& name, const std::string& below) {
    svg.rectangle({left, y - 24}, 62, 48, {.width = 1.8, .fill = "#eef3f7"}, 5);
    svg.text({left + 31, y + 6}, name, centred)
        .text({left + 31, y + 45}, below, {.size = 12, .anchor = "middle", .color = "#5c6670"});
  };
  svg.text({22, y - 10}, "x_{n} = x^{(0)}", {.size = 16, .italic = true}).arrow({20, y}, {112, y});
  double left = 112;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const std::string number = std::to_string(k + 1);
    box(left, fmt::format("f^{{({})}}", number),
        fmt::format("{} → {}", k == 0 ? 4 : layers[k - 1].shape[1], layers[k].shape[1]));
    svg.arrow({left + 31, 34}, {left + 31, y - 24})
        .text({left + 31, 26}, fmt::format("w^{{({})}}", number), centred);
    const double next = left + 160;
    svg.arrow({left + 62, y}, {next, y});
    const bool is_last = k + 1 == layers.size();
    svg.text({left + 72, y - 10}, is_last ? "x^{(3)} = p" : fmt::format("x^{{({})}}", number),
             {.size = 16, .italic = true});
    left = next;
  }
  box(left, "ℓ", "loss");
  svg.arrow({left + 31, 34}, {left + 31, y - 24}).text({left + 31, 26}, "y_{n}", centred);
  svg.arrow({left + 62, y}, {left + 104, y}).text({left + 76, y - 10}, "ℓ_{n}", {.size = 16, .italic = true});
  svg.save(file);
}

// ---- Figures 4 and 5 ----

void draw_momentum(const std::filesystem::path& file) {
  const optim::Schedule mu = optim::increasing_momentum(0.99);
  std::vector<double> steps, values;
  for (std::size_t t = 0; t <= 15'000; t += 50) {
    steps.push_back(static_cast<double>(t));
    values.push_back(mu(t));
  }
  optim::Chart chart({.x_label = "t", .y_label = "μ_{t}", .width = 520, .height = 320});
  chart.line("", steps, values, {.steps = true}).save(file);
}

void draw_entropy(const std::filesystem::path& file) {
  std::vector<double> q, h;
  for (int i = 0; i <= 200; ++i) {
    q.push_back(i / 200.0);
    h.push_back(nn::information::binary_entropy(q.back()).item());
  }
  optim::Chart chart({.x_label = "q", .y_label = "H(q), bits", .width = 420, .height = 320});
  chart.line("", q, h).save(file);
}

// ---- The path over the simplex ----

struct Classifier {
  nn::Linear<double> fc1{2, 16}, fc2{16, 3};
  Variable<double> operator()(const Variable<double>& x) const { return fc2(tanh(fc1(x))); }
};

/// Three clouds of points at the corners of a triangle.
nn::Batch<double, int> clouds(std::size_t count) {
  nn::Batch<double, int> points{random_normal<double>({count, 2}, 0.0, 0.55), Array<int>(Shape{count})};
  for (std::size_t n = 0; n < count; ++n) {
    points.targets(n) = static_cast<int>(n % 3);
    const double angle = 2 * std::numbers::pi * static_cast<double>(n % 3) / 3;
    points.inputs(n, 0) += std::cos(angle);
    points.inputs(n, 1) += std::sin(angle);
  }
  return points;
}

void draw_paths(const std::filesystem::path& file) {
  seed(3);
  const auto points = clouds(150);
  Classifier net;
  optim::SGD<double> sgd(nn::parameters(net), {.learning_rate = 0.05, .momentum = 0.9});
  constexpr std::size_t shown = 24;
  std::vector<std::vector<std::array<double, 3>>> paths(shown);
  for (int step = 0; step <= 120; ++step) {
    const Array<double> p = softmax(net(points.inputs), -1).value();
    for (std::size_t n = 0; n < shown; ++n) paths[n].push_back({p(n, 0), p(n, 1), p(n, 2)});
    Tape tape;
    tape.backward(nn::cross_entropy(net(points.inputs), points.targets));
    sgd.step();
  }

  Svg svg(560, 500);
  const std::array<Point, 3> corners{Point{280, 50}, Point{50, 440}, Point{510, 440}};
  const auto place = [&](const std::array<double, 3>& p) {
    return Point{p[0] * corners[0].x + p[1] * corners[1].x + p[2] * corners[2].x,
                 p[0] * corners[0].y + p[1] * corners[1].y + p[2] * corners[2].y};
  };
  svg.polygon({corners[0], corners[1], corners[2]}, {.color = "#444444", .width = 2, .fill = "#f3f6f8"});
  const Point unit = place({1.0 / 3, 1.0 / 3, 1.0 / 3});
  for (const std::array<double, 3>& middle :
       {std::array{0.5, 0.5, 0.0}, std::array{0.5, 0.0, 0.5}, std::array{0.0, 0.5, 0.5}}) {
    svg.line(unit, place(middle), {.color = "#444444", .width = 1.5, .dashes = "5 4"});
  }
  const std::array<const char*, 3> colors{blue, orange, green};
  for (std::size_t n = 0; n < shown; ++n) {
    const char* color = colors[static_cast<std::size_t>(points.targets(n))];
    std::vector<Point> path;
    for (const auto& each : paths[n]) path.push_back(place(each));
    svg.polyline(path, {.color = color, .width = 1.3, .opacity = 0.75});
    svg.circle(path.front(), 2.5, {.color = color, .width = 1, .fill = "white"});
    svg.circle(path.back(), 4, {.color = "none", .fill = color});
  }
  svg.text({280, 36}, "p = (1, 0, 0)", {.size = 16, .anchor = "middle", .color = blue, .italic = true});
  svg.text({50, 466}, "(0, 1, 0)", {.size = 16, .anchor = "middle", .color = orange, .italic = true});
  svg.text({510, 466}, "(0, 0, 1)", {.size = 16, .anchor = "middle", .color = green, .italic = true});
  svg.save(file);
}

int main(int argc, char** argv) {
  CLI::App app{"Draws the note's figures."};
  std::string out = ".";
  app.add_option("--out", out, "folder for the drawings")->capture_default_str();
  return command_line::run("figures", app, argc, argv, [&] {
    const std::filesystem::path folder(out);
    draw_simplices(folder / "figure1.svg");
    draw_loss(folder / "figure2.svg");
    draw_graph(folder / "figure3.svg");
    draw_momentum(folder / "figure4.svg");
    draw_entropy(folder / "figure5.svg");
    draw_paths(folder / "simplex_paths.svg");
    return 0;
  });
}
