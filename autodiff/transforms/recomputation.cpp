#include <autodiff/instantiate.hpp>
#include <autodiff/record_list.hpp>
#include <autodiff/transforms/recomputation.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace xgrad::detail {
namespace {

/// The data needed to recompute a block.
template <class T>
struct Recipe {
  Block<T> block;
  Generator random;                 // the default generator's state before the first computation
  Shape shape;                      // of the result
  std::vector<NodePointer> inputs;  // all Variables that it uses: arguments and captures
};

/// A block recorded on its own tape, whose backward pass is the block's pullback.
template <class T>
class Recomputed {
 public:
  explicit Recomputed(const Block<T>& block) : result_(as_result(block())) {}

  const Variable<T>& result() const { return result_; }
  std::vector<NodePointer> inputs() const { return captures_.nodes(); }

 private:
  Tape tape_;
  Captures captures_;
  Variable<T> result_;
};

template <class T>
class CheckpointPullback final : public Pullback {
 public:
  explicit CheckpointPullback(Recipe<T>&& recipe) : Pullback(false), recipe_(std::move(recipe)) {}

  bool add_to(NodePointer& cotangent, std::span<NodePointer* const> sums) override {
    const RepeatRandom same(recipe_.random);
    const Recomputed<T> again(recipe_.block);
    check_unchanged(again);
    std::vector<NodePointer> inputs;
    std::vector<NodePointer*> wanted;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      if (sums[i] == nullptr) continue;
      inputs.push_back(recipe_.inputs[i]);
      wanted.push_back(sums[i]);
    }
    add_gradients(again.result().node(), std::move(cotangent), inputs, wanted);
    return true;
  }

 private:
  void check_unchanged(const Recomputed<T>& again) const {
    if (again.result().shape() != recipe_.shape) {
      throw VersionError(fmt::format(
          "checkpoint: the function returned shape {} first, and {} when the backward pass called it again: "
          "it must compute the same result",
          to_string(recipe_.shape), to_string(again.result().shape())));
    }
    const auto used = again.inputs();
    for (const NodePointer& input : recipe_.inputs) {
      if (std::ranges::binary_search(used, input->id, {}, [](const NodePointer& each) { return each->id; }))
        continue;
      throw VersionError(fmt::format(
          "checkpoint: a Variable of shape {} that the function used first was not used when the backward "
          "pass called it again: captures by reference must not be assigned to in between",
          to_string(shape_of(*input))));
    }
  }

  Recipe<T> recipe_;
};

}  // namespace

template <class T>
Variable<T> checkpoint(Block<T> block) {
  if (record_list().inspecting) return as_result(block());
  Recipe<T> recipe{std::move(block), default_generator(), {}, {}};
  Variable<T> y;
  {
    // The block is recorded only to find the Variables that it uses.
    const Pause pause;
    const Recomputed<T> first(recipe.block);
    y = first.result();
    recipe.inputs = first.inputs();
  }
  // An input that only this list refers to was created inside the block; recomputation creates it again.
  std::erase_if(recipe.inputs, [](const NodePointer& input) { return input.is_unique(); });
  recipe.shape = y.shape();

  const bool constant = y.node()->constant;
  Variable<T> result(std::move(y).value());
  if (recipe.inputs.empty()) {
    mark_computed(*result.node(), constant);
    return result;
  }
  std::vector<Link> links;
  for (const NodePointer& input : recipe.inputs) links.push_back({input.get(), nullptr});
  links.front().pullback = in_arena<CheckpointPullback<T>>(std::move(recipe));
  return Variable<T>(finish_joint("checkpoint", std::move(result).release(), links));
}

#define XGRAD_INSTANTIATE(T) template Variable<T> checkpoint<T>(Block<T>);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::detail
