#include "../../support/check_operation.hpp"

#include <map>

using namespace xgrad;

namespace {

using Arrays = std::vector<Array<double>>;

/// The sum by its definition: loops over all letters of "ab,bc->ac", and adds each product to its entry of
/// the result. Without "...", spaces and implicit results. An axis of extent 1 is always read at index 0.
Array<double> by_definition(const std::string& subscripts, const Arrays& operands) {
  std::vector<std::string> lists(1);
  for (const char c : subscripts.substr(0, subscripts.find("->"))) {
    if (c == ',') {
      lists.emplace_back();
    } else {
      lists.back().push_back(c);
    }
  }
  const std::string output = subscripts.substr(subscripts.find("->") + 2);
  std::map<char, std::size_t> extents;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    for (std::size_t axis = 0; axis < lists[i].size(); ++axis) {
      std::size_t& extent = extents.emplace(lists[i][axis], 1).first->second;
      if (operands[i].shape()[axis] != 1) extent = operands[i].shape()[axis];
    }
  }
  std::map<char, std::size_t> at;
  const auto entry = [&at](const auto& array, const std::string& list) {
    std::size_t flat = 0;
    for (std::size_t axis = 0; axis < list.size(); ++axis) {
      const std::size_t extent = array.shape()[axis];
      flat = flat * extent + (extent == 1 ? 0 : at[list[axis]]);
    }
    return flat;
  };
  Shape shape;
  for (const char c : output) shape.push_back(extents.at(c));
  std::size_t count = 1;
  for (const auto& [letter, extent] : extents) count *= extent;
  Array<double> result = full<double>(shape, 0);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t rest = i;
    for (const auto& [letter, extent] : extents) {
      at[letter] = rest % extent;
      rest /= extent;
    }
    double product = 1;
    for (std::size_t k = 0; k < lists.size(); ++k)
      product *= operands[k].data()[entry(operands[k], lists[k])];
    result.data()[entry(result, output)] += product;
  }
  return result;
}

/// Checks value and derivatives; `plain` is equivalent to `subscripts`, with letters only.
void check_pattern(const std::string& subscripts, const std::string& plain,
                   const std::vector<Shape>& shapes) {
  CAPTURE(subscripts);
  Arrays x;
  for (const Shape& shape : shapes) x.push_back(check::draw(shape, -2, 2, x.size() + 1));
  const auto f = [&subscripts](const auto&... operands) { return einsum(subscripts, operands...); };
  const Array<double> expected = by_definition(plain, x);
  if (x.size() == 1) check::operation(f, expected, x[0]);
  if (x.size() == 2) check::operation(f, expected, x[0], x[1]);
  if (x.size() == 3) check::operation(f, expected, x[0], x[1], x[2]);
  if (x.size() == 4) check::operation(f, expected, x[0], x[1], x[2], x[3]);
}

struct Pattern {
  std::string subscripts;
  std::vector<std::vector<Shape>> shapes;
};

const check::Elsewhere elsewhere{"np.einsum", "torch.einsum", "jnp.einsum"};

}  // namespace

TEST_CASE("one operand: transposes, sums, diagonals") {
  const check::Listed listed("einsum", elsewhere);
  const std::vector<Pattern> patterns{
      {"->", {{{}}}},
      {"i->i", {{{3}}, {{1}}, {{0}}}},
      {"i->", {{{3}}, {{1}}, {{0}}}},
      {"ij->ji", {{{2, 3}}, {{1, 4}}, {{0, 2}}}},
      {"ij->", {{{2, 3}}, {{0, 2}}}},
      {"ij->j", {{{2, 3}}, {{1, 3}}, {{0, 2}}}},
      {"ijk->kij", {{{2, 3, 2}}, {{1, 2, 3}}}},
      {"ijk->ki", {{{2, 3, 2}}, {{2, 1, 3}}}},
      {"ii->", {{{3, 3}}, {{1, 1}}, {{0, 0}}}},
      {"ii->i", {{{3, 3}}, {{1, 1}}, {{0, 0}}}},
      {"iii->i", {{{2, 2, 2}}, {{3, 3, 3}}}},
      {"iij->j", {{{2, 2, 3}}, {{3, 3, 1}}}},
      {"iji->ij", {{{2, 3, 2}}, {{1, 3, 1}}}},
      {"ijij->ji", {{{2, 3, 2, 3}}, {{1, 2, 1, 2}}}},
      {"jiij->", {{{2, 3, 3, 2}}}},
  };
  for (const Pattern& pattern : patterns) {
    for (const auto& shapes : pattern.shapes) check_pattern(pattern.subscripts, pattern.subscripts, shapes);
  }
}

TEST_CASE("two operands") {
  const check::Listed listed("einsum", elsewhere);
  const std::vector<Pattern> patterns{
      {",->", {{{}, {}}}},
      {",ij->ji", {{{}, {2, 3}}}},
      {"i,i->", {{{3}, {3}}, {{1}, {1}}, {{0}, {0}}}},
      {"i,i->i", {{{3}, {3}}, {{3}, {1}}, {{1}, {3}}}},
      {"i,j->ij", {{{2}, {3}}, {{1}, {3}}, {{0}, {2}}}},
      {"i,j->ji", {{{2}, {3}}}},
      {"i,j->", {{{2}, {3}}, {{0}, {2}}}},
      {"ij,jk->ik", {{{2, 3}, {3, 4}}, {{2, 1}, {1, 2}}, {{2, 0}, {0, 3}}}},
      {"ij,jk->ki", {{{2, 3}, {3, 4}}, {{1, 3}, {3, 1}}}},
      {"ij,kj->ik", {{{2, 3}, {4, 3}}, {{2, 3}, {2, 1}}}},
      {"ji,jk->ik", {{{3, 2}, {3, 4}}, {{1, 2}, {3, 2}}}},
      {"ij,jk->i", {{{2, 3}, {3, 2}}}},
      {"ij,ij->ij", {{{2, 3}, {2, 3}}, {{2, 1}, {1, 3}}}},
      {"ij,ji->", {{{2, 3}, {3, 2}}, {{2, 1}, {3, 2}}}},
      {"ij,ij->i", {{{2, 3}, {2, 3}}, {{1, 3}, {2, 3}}, {{0, 3}, {0, 3}}}},
      {"ij,j->i", {{{2, 3}, {3}}, {{2, 3}, {1}}}},
      {"bij,bjk->bik", {{{2, 2, 3}, {2, 3, 2}}, {{1, 2, 3}, {2, 3, 2}}, {{0, 2, 3}, {0, 3, 1}}}},
      {"ijb,kbj->bki", {{{2, 3, 2}, {2, 2, 3}}, {{2, 3, 1}, {2, 2, 1}}}},
      {"bhqd,bhkd->bhqk", {{{1, 2, 2, 3}, {1, 2, 3, 3}}}},
      {"ijk,kjl->il", {{{2, 3, 2}, {2, 3, 2}}}},
      {"ii,i->i", {{{3, 3}, {3}}, {{3, 3}, {1}}}},
      {"ii,jj->ij", {{{2, 2}, {3, 3}}}},
      {"ii,ij->j", {{{2, 2}, {2, 3}}}},
      {"nwhc,c->nwhc", {{{1, 2, 2, 3}, {3}}}},
  };
  for (const Pattern& pattern : patterns) {
    for (const auto& shapes : pattern.shapes) check_pattern(pattern.subscripts, pattern.subscripts, shapes);
  }
}

TEST_CASE("three and four operands") {
  const check::Listed listed("einsum", elsewhere);
  const std::vector<Pattern> patterns{
      {"i,ij,j->", {{{2}, {2, 3}, {3}}, {{1}, {2, 3}, {1}}}},
      {"bi,ij,bj->b", {{{2, 2}, {2, 3}, {2, 3}}, {{1, 2}, {2, 3}, {2, 3}}}},
      {"ij,jk,kl->il", {{{2, 3}, {3, 2}, {2, 2}}, {{2, 3}, {3, 1}, {2, 2}}}},
      {"ij,jk,kl->lki", {{{2, 3}, {3, 2}, {2, 2}}}},
      {"i,i,i->i", {{{3}, {3}, {3}}, {{1}, {3}, {3}}}},
      {"i,j,k->kij", {{{2}, {3}, {2}}}},
      {"ij,jk,ki->", {{{2, 3}, {3, 2}, {2, 2}}}},
      {"ijk,il,jm->klm", {{{2, 2, 2}, {2, 3}, {2, 1}}}},
      {"ij,jk,kl,lm->im", {{{2, 3}, {3, 2}, {2, 2}, {2, 1}}}},
      {"abc,ai,bj,ck->ijk", {{{2, 2, 2}, {2, 2}, {2, 1}, {2, 2}}}},
      {"ii,ij,jj,->", {{{2, 2}, {2, 2}, {2, 2}, {}}}},
  };
  for (const Pattern& pattern : patterns) {
    for (const auto& shapes : pattern.shapes) check_pattern(pattern.subscripts, pattern.subscripts, shapes);
  }
}

TEST_CASE("implicit results, spaces and ...") {
  const check::Listed listed("einsum", elsewhere);
  check_pattern("", "->", {{}});
  check_pattern("ba", "ba->ab", {{2, 3}});
  check_pattern("ii", "ii->", {{3, 3}});
  check_pattern("ij,jk", "ij,jk->ik", {{2, 3}, {3, 2}});
  check_pattern("ij,jh", "ij,jh->hi", {{2, 3}, {3, 2}});
  check_pattern("aB", "aB->Ba", {{2, 3}});
  check_pattern(" i j , j k -> i k ", "ij,jk->ik", {{2, 3}, {3, 2}});
  check_pattern("...", "ab->ab", {{2, 3}});
  check_pattern("...->...", "ab->ab", {{2, 3}});
  check_pattern("...ij->...ji", "abij->abji", {{2, 1, 2, 3}});
  check_pattern("i...->...i", "iab->abi", {{2, 3, 2}});
  check_pattern("i...j->...", "iabj->ab", {{2, 2, 3, 2}});
  check_pattern("...ii->...", "aii->a", {{2, 3, 3}});
  check_pattern("i...i", "iai->a", {{2, 3, 2}});
  check_pattern("...i->i", "i->i", {{3}});  // "..." stands for no axes
  check_pattern("i->...i", "i->i", {{3}});
  check_pattern("...ij,...jk->...ik", "aij,ajk->aik", {{2, 2, 3}, {2, 3, 2}});
  check_pattern("...ij,...jk", "abij,bjk->abik", {{2, 1, 2, 3}, {2, 3, 2}});
  check_pattern("...,...", "ab,b->ab", {{2, 3}, {3}});
  check_pattern("...,...", "ab,ab->ab", {{2, 1}, {1, 3}});
  check_pattern("...i,ij->...j", "abi,ij->abj", {{2, 2, 3}, {3, 2}});
  check_pattern("i...,j...->ij...", "iab,jb->ijab", {{2, 1, 3}, {2, 3}});
  check_pattern("...a,...b,c->b...ac", "xa,xb,c->bxac", {{2, 2}, {2, 3}, {2}});
}

TEST_CASE("the result does not depend on the order of contraction") {
  const Array<double> a = check::draw({30, 2}, -1, 1, 1);
  const Array<double> b = check::draw({2, 40}, -1, 1, 2);
  const Array<double> c = check::draw({40, 3}, -1, 1, 3);
  const Variable<double> x = a;
  const Array<double> expected = matmul(matmul(x, b), c).value();
  CHECK(check::close<double>(einsum("ij,jk,kl->il", x, b, c).value(), expected, 1e-13));
  CHECK(check::close<double>(einsum("kl,ij,jk->il", c, x, b).value(), expected, 1e-13));
  CHECK(check::close<double>(einsum("jk,kl,ij->il", b, c, x).value(), expected, 1e-13));
  // Looping over all indices at once would take 2^40 products.
  const std::vector<Variable<double>> many(40, Variable<double>(full<double>({2, 2}, 0.5)));
  std::string chain;
  const std::string letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (std::size_t i = 0; i < many.size(); ++i)
    chain += letters.substr(i, 2) + (i + 1 < many.size() ? "," : "");
  CHECK(check::close<double>(einsum(chain + "->", many).value(), full<double>({}, 2), 1e-12));
}

TEST_CASE("third derivatives, arrays, numbers, floats and lists of operands") {
  using namespace std;
  using namespace xt;
  const xarray<float> raw{1, 2};
  const Variable<float> x = raw;
  CHECK(einsum("i,i->", raw, x).item() == 5);
  CHECK(einsum("i,,j", x, 2, raw * 2.0F).value() == xarray<float>{{4, 8}, {8, 16}});
  CHECK(einsum("i,i", std::vector<Variable<float>>{x, x}).item() == 5);
  CHECK(is_same_v<decltype(einsum("i,", x, 2.0)), Variable<float>>);
  const Parameter<float> w(raw);
  CHECK(einsum("i,i", w, x).item() == 5);
  const auto cube = [](const auto& y) { return einsum("i,i,i->", y, y, y); };
  const auto slope = [&](const auto& y) { return xgrad::sum(grad(cube)(y)); };
  const auto curvature = [&](const auto& y) { return xgrad::sum(grad(slope)(y)); };
  CHECK(grad(curvature)(x).value() == xarray<float>{6, 6});
}

TEST_CASE("malformed subscripts") {
  const Variable<double> x = check::draw({2, 2});
  const auto message = [&](const char* text) {
    return check::message<ValueError>([&] { einsum(text, x, x); });
  };
  CHECK(message("ij,j1->i") ==
        "einsum: \"ij,j1->i\", position 4: '1'; expected a letter, a comma, \"...\" or \"->\"");
  CHECK(message("ij,..jk") ==
        "einsum: \"ij,..jk\", position 3: '.'; expected a letter, a comma, \"...\" or \"->\"");
  CHECK(message("ij,jk-ik") ==
        "einsum: \"ij,jk-ik\", position 5: '-'; expected a letter, a comma, \"...\" or \"->\"");
  CHECK(message("...i...,ij") == "einsum: \"...i...,ij\", position 4: a second \"...\" in one list");
  CHECK(message("ij,jk->ik->ki") == "einsum: \"ij,jk->ik->ki\", position 9: a second \"->\"");
  CHECK(message("ij,jk->i,k") == "einsum: \"ij,jk->i,k\", position 8: a comma after \"->\"");
  CHECK(message("ij,jk->iki") == "einsum: \"ij,jk->iki\", position 9: index 'i' is in the result twice");
  CHECK(message("ij,jk->il") ==
        "einsum: \"ij,jk->il\", position 8: index 'l' of the result is in no operand");
  CHECK(message("ij->ij") == "einsum: \"ij->ij\" names 1 operand; 2 given");
  CHECK(message("ij,jk,kl") == "einsum: \"ij,jk,kl\" names 3 operands; 2 given");
  CHECK(check::message<ValueError>([] { einsum("i", std::vector<Variable<double>>()); }) ==
        "einsum: \"i\" names 1 operand; 0 given");
}

TEST_CASE("operands that do not match the subscripts") {
  const Variable<double> a = check::draw({2, 3});
  const Variable<double> b = check::draw({4, 5});
  const Variable<double> row = check::draw({1, 3});
  const auto message = [](const char* text, const auto&... x) {
    return check::message<ShapeError>([&] { einsum(text, x...); });
  };
  CHECK(message("ij,jk->ik", a, b) ==
        "einsum: \"ij,jk->ik\": index 'j' has extents 3 and 4, in operands 0 and 1");
  CHECK(message("ij,ik,il", row, a, b) ==
        "einsum: \"ij,ik,il\": index 'i' has extents 2 and 4, in operands 1 and 2");
  CHECK(message("ii", a) == "einsum: \"ii\": index 'i' has extents 2 and 3, in operands 0 and 0");
  CHECK(message("ii", row) == "einsum: \"ii\": index 'i' has extents 1 and 3, in operands 0 and 0");
  for (const std::size_t extent : {1, 3}) {  // another operand does not help
    const Array<double> other = check::draw(Shape{extent});
    CHECK(message("i,ii", other, row) ==
          "einsum: \"i,ii\": index 'i' has extents 1 and 3, in operands 1 and 1");
    CHECK(message("i,ii", other, transpose(row)) ==
          "einsum: \"i,ii\": index 'i' has extents 3 and 1, in operands 1 and 1");
  }
  CHECK(message("...,...", a, b) ==
        "einsum: \"...,...\": axis -2 of \"...\" has extents 2 and 4, in operands 0 and 1");
  CHECK(message("ijk,ij", a, b) == "einsum: \"ijk,ij\": operand 0 has shape {2, 3}; expected 3 axes");
  CHECK(message("...ijk", a) == "einsum: \"...ijk\": operand 0 has shape {2, 3}; expected at least 3 axes");
  CHECK(message("...i->i", a) ==
        "einsum: \"...i->i\": the result has no \"...\" for the axes of the operands that have no letter");
}
