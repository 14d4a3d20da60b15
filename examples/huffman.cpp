// Appendix A.1 and A.3 of the note: the code bits per bit of Huffman's code of blocks of m bits approach the
// entropy as m grows, and exceed it if the table was made for the wrong probability.
#include <nn/nn.hpp>

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace information = xgrad::nn::information;

/// The code lengths of Huffman's table for these probabilities.
std::vector<std::size_t> code_lengths(const std::vector<double>& probabilities) {
  // A tree is its probability and the blocks in it; joining two trees makes their codes one bit longer.
  using Tree = std::pair<double, std::vector<std::size_t>>;
  std::priority_queue<Tree, std::vector<Tree>, std::greater<>> trees;
  for (std::size_t block = 0; block < probabilities.size(); ++block)
    trees.push({probabilities[block], {block}});
  std::vector<std::size_t> lengths(probabilities.size(), 0);
  while (trees.size() > 1) {
    Tree joined = trees.top();
    trees.pop();
    joined.first += trees.top().first;
    joined.second.insert(joined.second.end(), trees.top().second.begin(), trees.top().second.end());
    trees.pop();
    for (const std::size_t block : joined.second) ++lengths[block];
    trees.push(std::move(joined));
  }
  return lengths;
}

/// The probabilities of the 2^m blocks of m independent bits, each 1 with probability q.
std::vector<double> block_probabilities(unsigned m, double q) {
  std::vector<double> probabilities(std::size_t{1} << m);
  for (std::size_t block = 0; block < probabilities.size(); ++block) {
    const int ones = std::popcount(block);
    probabilities[block] = std::pow(q, ones) * std::pow(1 - q, static_cast<int>(m) - ones);
  }
  return probabilities;
}

/// The mean number of code bits per bit, if bits are 1 with probability q and the table was made for p.
double mean_length(unsigned m, double q, double p) {
  const auto lengths = code_lengths(block_probabilities(m, p));
  const auto probabilities = block_probabilities(m, q);
  double sum = 0;
  for (std::size_t block = 0; block < lengths.size(); ++block)
    sum += probabilities[block] * static_cast<double>(lengths[block]);
  return sum / m;
}

int main() {
  const double q = 0.1, p = 0.3;
  fmt::print("bits that are 1 with probability q = {}; a table for p = {}\n\n", q, p);
  fmt::print("{:>5}{:>22}{:>22}{:>12}\n", "m", "code bits, table q", "code bits, table p", "excess");
  for (unsigned m = 1; m <= 12; ++m) {
    const double right = mean_length(m, q, q), wrong = mean_length(m, q, p);
    fmt::print("{:>5}{:>22.4f}{:>22.4f}{:>12.4f}\n", m, right, wrong, wrong - right);
  }
  fmt::print("\n{:>5}{:>22.4f}{:>22.4f}{:>12.4f}\n", "limit", information::binary_entropy(q).item(),
             information::binary_cross_entropy(q, p).item(), information::binary_divergence(q, p).item());
}
