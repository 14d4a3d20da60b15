#include <autodiff/instantiate.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/diagonals.hpp>
#include <autodiff/ops/einsum.hpp>
#include <autodiff/ops/linalg.hpp>
#include <autodiff/ops/products.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace xgrad {
namespace {

/// The labels of an array's axes: the code of a letter, or, for axes under "...", -1 for the last, -2 for the
/// one before and so on, so that these come first in ascending order.
using Labels = std::vector<int>;

bool contains(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

/// One list of indices as written: its letters, and the number of letters before "...".
struct List {
  std::string letters;
  std::optional<std::size_t> ellipsis;

  bool has(char letter) const { return letters.find(letter) != std::string::npos; }

  /// The labels of an array that has `hidden` axes under "...".
  Labels labels(std::size_t hidden) const {
    Labels result(letters.begin(), letters.end());
    if (!ellipsis) return result;
    Labels axes;
    for (std::size_t i = hidden; i > 0; --i) axes.push_back(-static_cast<int>(i));
    result.insert(result.begin() + static_cast<std::ptrdiff_t>(*ellipsis), axes.begin(), axes.end());
    return result;
  }
};

struct Subscripts {
  std::vector<List> inputs{List()};
  std::optional<List> output;
};

Subscripts parse(std::string_view text) {
  Subscripts result;
  std::size_t i = 0;
  const auto fail = [&](const std::string& why) {
    return ValueError(fmt::format("einsum: \"{}\", position {}: {}", text, i, why));
  };
  for (; i < text.size(); ++i) {
    const char c = text[i];
    List& list = result.output ? *result.output : result.inputs.back();
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      if (result.output && list.has(c)) throw fail(fmt::format("index '{}' is in the result twice", c));
      const bool known = std::any_of(result.inputs.begin(), result.inputs.end(),
                                     [c](const List& input) { return input.has(c); });
      if (result.output && !known) throw fail(fmt::format("index '{}' of the result is in no operand", c));
      list.letters.push_back(c);
    } else if (text.substr(i, 3) == "...") {
      if (list.ellipsis) throw fail("a second \"...\" in one list");
      list.ellipsis = list.letters.size();
      i += 2;
    } else if (text.substr(i, 2) == "->") {
      if (result.output) throw fail("a second \"->\"");
      result.output = List();
      i += 1;
    } else if (c == ',') {
      if (result.output) throw fail("a comma after \"->\"");
      result.inputs.emplace_back();
    } else if (c != ' ') {
      throw fail(fmt::format("'{}'; expected a letter, a comma, \"...\" or \"->\"", c));
    }
  }
  return result;
}

/// The extent of a label, and the operand that has it.
struct Extent {
  std::size_t size;
  std::size_t operand;
};
using Extents = std::map<int, Extent>;

Shape shape_of(const Labels& labels, const Extents& extents) {
  Shape shape;
  for (const int label : labels) shape.push_back(extents.at(label).size);
  return shape;
}

/// An operand, or the product of several, with a label for each axis.
template <class T>
struct Term {
  Variable<T> array;
  Labels labels;

  std::vector<int> axes(const Labels& wanted) const {
    std::vector<int> result;
    for (const int label : wanted) {
      result.push_back(static_cast<int>(std::find(labels.begin(), labels.end(), label) - labels.begin()));
    }
    return result;
  }
};

/// The problem to solve: terms whose labels are broadcast to these extents, and the labels of the result.
template <class T>
struct Problem {
  std::vector<Term<T>> terms;
  Extents extents;
  Labels output;

  /// The axes of "...", then the letters that occur once.
  Labels implicit_output() const {
    std::map<int, int> occurrences;
    for (const Term<T>& term : terms) {
      for (const int label : term.labels) ++occurrences[label];
    }
    Labels result;
    for (const auto& [label, count] : occurrences) {
      if (label < 0 || count == 1) result.push_back(label);
    }
    return result;
  }

  /// Whether the result or a term other than a and b has the label.
  bool is_needed(int label, std::size_t a, std::size_t b) const {
    for (std::size_t i = 0; i < terms.size(); ++i) {
      if (i != a && i != b && contains(terms[i].labels, label)) return true;
    }
    return contains(output, label);
  }
};

/// Broadcasts the extents of one operand against those of the operands before it. Within one operand they do
/// not broadcast.
void enter_extents(Extents& extents, std::string_view text, const Labels& labels, const Shape& shape,
                   std::size_t operand) {
  for (std::size_t axis = 0; axis < labels.size(); ++axis) {
    const int label = labels[axis];
    const Extent own{shape[axis], operand};
    const auto check = [&](const Extent& other, bool fits) {
      if (fits) return;
      const std::string name = label > 0 ? fmt::format("index '{}'", static_cast<char>(label))
                                         : fmt::format("axis {} of \"...\"", label);
      throw ShapeError(fmt::format("einsum: \"{}\": {} has extents {} and {}, in operands {} and {}", text,
                                   name, other.size, own.size, other.operand, own.operand));
    };
    const auto first = std::find(labels.begin(), labels.end(), label) - labels.begin();
    check({shape[first], operand}, shape[first] == own.size);
    Extent& known = extents.emplace(label, own).first->second;
    check(known, known.size == own.size || known.size == 1 || own.size == 1);
    if (known.size == 1) known = own;
  }
}

template <class T>
Problem<T> read_problem(std::string_view text, const std::vector<Variable<T>>& operands) {
  const Subscripts subscripts = parse(text);
  const std::size_t named = subscripts.inputs.size();
  if (named != operands.size()) {
    throw ValueError(fmt::format("einsum: \"{}\" names {} operand{}; {} given", text, named,
                                 named == 1 ? "" : "s", operands.size()));
  }
  Problem<T> problem;
  std::size_t hidden = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const List& list = subscripts.inputs[i];
    const Shape& shape = operands[i].shape();
    const std::size_t letters = list.letters.size();
    if (list.ellipsis ? shape.size() < letters : shape.size() != letters) {
      throw ShapeError(fmt::format("einsum: \"{}\": operand {} has shape {}; expected {}{} axes", text, i,
                                   to_string(shape), list.ellipsis ? "at least " : "", letters));
    }
    hidden = std::max(hidden, shape.size() - letters);
    problem.terms.push_back({operands[i], list.labels(shape.size() - letters)});
    enter_extents(problem.extents, text, problem.terms.back().labels, shape, i);
  }
  if (subscripts.output && !subscripts.output->ellipsis && hidden > 0) {
    throw ShapeError(fmt::format(
        "einsum: \"{}\": the result has no \"...\" for the axes of the operands that have no letter", text));
  }
  problem.output = subscripts.output ? subscripts.output->labels(hidden) : problem.implicit_output();
  return problem;
}

/// The diagonal of two axes, which becomes the last axis.
template <class T>
Term<T> diagonal(const Term<T>& term, std::size_t first, std::size_t second) {
  Labels labels;
  for (std::size_t axis = 0; axis < term.labels.size(); ++axis) {
    if (axis != first && axis != second) labels.push_back(term.labels[axis]);
  }
  labels.push_back(term.labels[first]);
  return {xgrad::diagonal(term.array, 0, first, second), labels};
}

/// Takes diagonals until each label has one axis.
template <class T>
Term<T> with_diagonals(Term<T> term) {
  std::size_t axis = 0;
  while (axis < term.labels.size()) {
    const auto begin = term.labels.begin();
    const auto same =
        std::find(begin + static_cast<std::ptrdiff_t>(axis) + 1, term.labels.end(), begin[axis]);
    if (same == term.labels.end()) {
      ++axis;
    } else {
      term = diagonal(term, axis, static_cast<std::size_t>(same - begin));
    }
  }
  return term;
}

/// Removes the axes of extent 1 along which the term would only be repeated.
template <class T>
Term<T> without_repeated(const Term<T>& term, const Extents& extents) {
  Labels labels;
  for (std::size_t axis = 0; axis < term.labels.size(); ++axis) {
    const int label = term.labels[axis];
    if (term.array.shape()[axis] == extents.at(label).size) labels.push_back(label);
  }
  if (labels.size() == term.labels.size()) return term;
  return {reshape(term.array, detail::signed_shape(shape_of(labels, extents))), labels};
}

/// Sums over the labels that only this term has.
template <class T>
Term<T> sum_over_own(const Problem<T>& problem, std::size_t i) {
  const Term<T>& term = problem.terms[i];
  Labels own;
  Labels rest;
  for (const int label : term.labels) (problem.is_needed(label, i, i) ? rest : own).push_back(label);
  return own.empty() ? term : Term<T>{detail::sum(term.array, term.axes(own), {}), rest};
}

/// The roles of the labels of two terms in their product.
struct Meeting {
  Labels batch;   // in both terms, and needed later
  Labels summed;  // in both terms, and not needed later
  Labels own_a;
  Labels own_b;
  double size = 1;             // entries of the product
  double multiplications = 1;  // in computing it

  template <class T>
  Meeting(const Problem<T>& problem, std::size_t i, std::size_t j) {
    const Labels& a = problem.terms[i].labels;
    const Labels& b = problem.terms[j].labels;
    for (const int label : a) {
      const bool needed = problem.is_needed(label, i, j);
      (!contains(b, label) ? own_a : (needed ? batch : summed)).push_back(label);
    }
    for (const int label : b) {
      if (!contains(a, label)) own_b.push_back(label);
    }
    for (const int label : labels()) size *= static_cast<double>(problem.extents.at(label).size);
    multiplications = size;
    for (const int label : summed) multiplications *= static_cast<double>(problem.extents.at(label).size);
  }

  /// The labels of the product.
  Labels labels() const {
    Labels result = batch;
    result.insert(result.end(), own_a.begin(), own_a.end());
    result.insert(result.end(), own_b.begin(), own_b.end());
    return result;
  }
};

/// The term with one axis for each of these labels, of extent 1 where it does not have the label.
template <class T>
Variable<T> align(const Term<T>& term, const Labels& order) {
  std::vector<std::vector<int>> groups;
  for (const int label : order) {
    groups.push_back(contains(term.labels, label) ? term.axes({label}) : std::vector<int>());
  }
  return detail::join_axes(term.array, groups);
}

/// The term as a batch of matrices.
template <class T>
Variable<T> as_matrices(const Term<T>& term, const Labels& batch, const Labels& rows, const Labels& columns) {
  std::vector<std::vector<int>> groups;
  for (const int label : batch) groups.push_back(term.axes({label}));
  groups.push_back(term.axes(rows));
  groups.push_back(term.axes(columns));
  return detail::join_axes(term.array, groups);
}

/// The product of two terms, summed over the labels that are not needed later.
template <class T>
Term<T> multiply_terms(const Term<T>& a, const Term<T>& b, const Meeting& meeting, const Extents& extents) {
  const Labels labels = meeting.labels();
  const Labels& summed = meeting.summed;
  // Without own labels, a batched product would make one BLAS call for each dot product.
  const bool rows_only = meeting.own_a.empty() && meeting.own_b.empty() && !meeting.batch.empty();
  if (summed.empty() || rows_only) {
    Labels order = labels;
    order.insert(order.end(), summed.begin(), summed.end());
    const Term<T> product{align(a, order) * align(b, order), order};
    return {summed.empty() ? product.array : detail::sum(product.array, product.axes(summed), {}), labels};
  }
  const auto product = matmul(as_matrices(a, meeting.batch, meeting.own_a, summed),
                              as_matrices(b, meeting.batch, summed, meeting.own_b));
  const Shape shape = shape_of(labels, extents);
  return {product.shape() == shape ? product : reshape(product, detail::signed_shape(shape)), labels};
}

/// Replaces the two terms with the smallest product by their product; among equals, those with the fewest
/// multiplications.
template <class T>
void contract_a_pair(Problem<T>& problem) {
  std::size_t first = 0;
  std::size_t second = 1;
  Meeting best(problem, first, second);
  for (std::size_t i = 0; i < problem.terms.size(); ++i) {
    for (std::size_t j = i + 1; j < problem.terms.size(); ++j) {
      const Meeting other(problem, i, j);
      if (std::pair(other.size, other.multiplications) < std::pair(best.size, best.multiplications)) {
        first = i;
        second = j;
        best = other;
      }
    }
  }
  problem.terms[first] = multiply_terms(problem.terms[first], problem.terms[second], best, problem.extents);
  problem.terms.erase(problem.terms.begin() + static_cast<std::ptrdiff_t>(second));
}

}  // namespace

template <class T>
Variable<T> einsum(std::string_view subscripts, const std::vector<Variable<T>>& operands) {
  Problem<T> problem = read_problem(subscripts, operands);
  for (Term<T>& term : problem.terms) term = without_repeated(with_diagonals(term), problem.extents);
  for (std::size_t i = 0; i < problem.terms.size(); ++i) problem.terms[i] = sum_over_own(problem, i);
  while (problem.terms.size() > 1) contract_a_pair(problem);
  const Term<T>& result = problem.terms.front();
  return result.labels == problem.output ? result.array
                                         : detail::permute(result.array, result.axes(problem.output));
}

#define XGRAD_INSTANTIATE(T) \
  template Variable<T> einsum<T>(std::string_view, const std::vector<Variable<T>>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
