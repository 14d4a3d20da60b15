#pragma once

#include <nn/saving/saving.hpp>

#include <cstddef>
#include <string>
#include <vector>

/// \file
/// How the metadata of a state is read. Not installed.

namespace xgrad::optim::detail {

/// Reads the numbers of a state's metadata and notes what is wrong with them.
class StateReader {
 public:
  StateReader(const nn::StateDict& state, std::vector<std::string>& differences)
      : state_(state), differences_(differences) {}

  /// The text of that name; empty where it is missing.
  std::string text(const std::string& name) const;

  /// So many numbers, written with spaces between them; zeros where there is something else.
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

/// Throws ValueError that lists the differences, where there are any.
void throw_differences(const char* caller, const std::vector<std::string>& differences);

/// A part of a state under a prefix, `best.`, in the whole, and out of it again.
void add_part(nn::StateDict& whole, const std::string& prefix, nn::StateDict part);
nn::StateDict part_of(const nn::StateDict& whole, const std::string& prefix);

}  // namespace xgrad::optim::detail
