// The joint angles of a robot arm for a given position of its hand, by Newton's method with the Jacobian of
// the position with respect to the angles. There are more joints than coordinates; of all steps that reach
// the target to first order, the pseudoinverse yields the smallest.
#include <autodiff/autodiff.hpp>

#include <fmt/format.h>

#include <cmath>
#include <numbers>

using namespace xgrad;

/// The hand's position {x, y} for the angles of three joints, each relative to the previous link.
Variable<double> hand(const Variable<double>& angles) {
  const xt::xarray<double> lengths{1.0, 0.8, 0.5};
  const xt::xarray<double> all_before{{1, 0, 0}, {1, 1, 0}, {1, 1, 1}};
  const auto directions = matmul(all_before, angles);
  return matmul(reshape(concatenate({cos(directions), sin(directions)}), {2, 3}), lengths);
}

int main() {
  Variable<double> angles = xt::xarray<double>{0.3, 0.6, 0.6};
  fmt::print("Jacobian of the hand by the angles, at the start:\n{}\n\n", jacobian(hand, angles));

  fmt::print("    target     steps         hand          joints in degrees      error\n");
  for (int i = 0; i < 8; ++i) {
    const double turn = i * std::numbers::pi / 4;  // the targets lie on a circle
    const xt::xarray<double> target{1 + 0.6 * std::cos(turn), 0.9 + 0.6 * std::sin(turn)};

    int steps = 0;
    auto miss = target - hand(angles);
    for (; sum(square(miss)).item() > 1e-24 && steps < 30; ++steps) {
      angles += matmul(pinv(jacobian(hand, angles)), miss);
      miss = target - hand(angles);
    }

    const Array<double> at = hand(angles).value();
    const Array<double> degrees = (angles * (180 / std::numbers::pi)).value();
    fmt::print("{:6.3f} {:6.3f} {:5}   {:9.6f} {:9.6f} {:8.2f} {:7.2f} {:7.2f} {:9.0e}\n", target(0),
               target(1), steps, at(0), at(1), degrees(0), degrees(1), degrees(2),
               std::sqrt(sum(square(miss)).item()));
  }
}
