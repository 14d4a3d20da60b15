#pragma once

#include <nn/saving/saving.hpp>

#include <cstddef>
#include <string>
#include <vector>

/// \file
/// Reads the metadata of a StateDict and lists what is wrong with it. Not installed.

namespace xgrad::optim::detail {

/// Reads texts and numbers from a state's metadata; appends what is missing or invalid to `differences`.
class StateReader {
 public:
  StateReader(const nn::StateDict& state, std::vector<std::string>& differences)
      : state_(state), differences_(differences) {}

  /// The text of that name; empty if it is missing.
  std::string text(const std::string& name) const;

  /// `count` numbers separated by spaces; zeros if the text is missing or invalid.
  template <class Number>
  std::vector<Number> numbers(const std::string& name, std::size_t count) const;

  template <class Number>
  Number number(const std::string& name) const {
    return numbers<Number>(name, 1)[0];
  }

 private:
  const nn::StateDict& state_;
  std::vector<std::string>& differences_;
};

/// Throws a ValueError that lists the differences, if there are any.
void throw_differences(const char* caller, const std::vector<std::string>& differences);

/// add_part adds a state to `whole` with a prefix before its names, such as `best.`; part_of extracts it.
void add_part(nn::StateDict& whole, const std::string& prefix, nn::StateDict part);
nn::StateDict part_of(const nn::StateDict& whole, const std::string& prefix);

}  // namespace xgrad::optim::detail
