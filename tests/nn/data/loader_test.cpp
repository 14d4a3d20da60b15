#include <autodiff/error.hpp>
#include <autodiff/kernels/sanitizers.hpp>
#include <nn/data/loader.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <set>
#include <span>
#include <utility>
#include <vector>

using namespace xgrad;

namespace {

/// Sample n is an image of 2 x 1 x 1 with entries n and n + 1/2.
xt::xarray<float> images(std::size_t count) {
  xt::xarray<float> result = xt::xarray<float>::from_shape({count, 2, 1, 1});
  for (std::size_t n = 0; n < count; ++n) {
    result(n, 0, 0, 0) = static_cast<float>(n);
    result(n, 1, 0, 0) = static_cast<float>(n) + 0.5F;
  }
  return result;
}

xt::xarray<std::uint8_t> labels(std::size_t count) {
  return xt::arange<std::uint8_t>(static_cast<std::uint8_t>(count));
}

/// The order of an epoch; checks that inputs and targets stay together.
template <class Loader>
std::vector<int> epoch(Loader& loader) {
  std::vector<int> order;
  for (auto [x, y] : loader) {
    REQUIRE(x.shape()[0] == y.shape()[0]);
    for (std::size_t i = 0; i < y.size(); ++i) {
      CHECK(x(i, 0, 0, 0) == float(y(i)));
      CHECK(x(i, 1, 0, 0) == float(y(i)) + 0.5F);
      order.push_back(y(i));
    }
  }
  return order;
}

}  // namespace

TEST_CASE("an epoch has every sample once, in batches, the last one smaller") {
  nn::DataLoader loader(images(10), labels(10), {.batch = 4});
  CHECK(loader.batches() == 3);
  CHECK(loader.samples() == 10);
  const auto order = epoch(loader);
  CHECK(order.size() == 10);
  CHECK(std::set<int>(order.begin(), order.end()).size() == 10);
  std::vector<std::size_t> sizes;
  for (auto [x, y] : loader) sizes.push_back(y.size());
  CHECK(sizes == std::vector<std::size_t>{4, 4, 2});
}

TEST_CASE("the last, partial batch can be dropped") {
  nn::DataLoader loader(images(10), labels(10), {.batch = 4, .drop_last = true});
  CHECK(loader.batches() == 2);
  CHECK(epoch(loader).size() == 8);
  nn::DataLoader none(images(3), labels(3), {.batch = 4, .drop_last = true});
  CHECK(epoch(none).empty());
}

TEST_CASE("the order depends on seed and epoch, or is that of the data") {
  nn::DataLoader a(images(50), labels(50), {.seed = 1});
  nn::DataLoader b(images(50), labels(50), {.seed = 1});
  nn::DataLoader c(images(50), labels(50), {.seed = 2});
  const auto first = epoch(a);
  const auto second = epoch(a);
  CHECK(first != second);
  CHECK(epoch(b) == first);
  CHECK(epoch(b) == second);
  CHECK(epoch(c) != first);
  nn::DataLoader plain(images(50), labels(50), {.batch = 7, .shuffle = false});
  const auto order = epoch(plain);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("online learning: batches of one sample") {
  nn::DataLoader loader(images(5), labels(5), {.batch = 1});
  CHECK(loader.batches() == 5);
  CHECK(epoch(loader).size() == 5);
}

TEST_CASE("types are kept, and targets may be floating-point") {
  nn::DataLoader loader(xt::xarray<double>{{1, 2}, {3, 4}}, xt::xarray<double>{5, 6}, {.shuffle = false});
  auto [x, y] = *loader.begin();
  CHECK(x == xt::xarray<double>{{1, 2}, {3, 4}});
  CHECK(y == xt::xarray<double>{5, 6});
  nn::DataLoader wide(images(2), xt::xarray<std::int64_t>{1, 2});
  CHECK(std::is_same_v<decltype((*wide.begin()).targets), Array<std::int64_t>>);
}

TEST_CASE("an Array that is moved in is not copied; one that is not moved stays unchanged") {
  Array<float> x = to_array<float>(images(4));
  Array<std::uint8_t> y = to_array<std::uint8_t>(labels(4));
  nn::DataLoader kept(x, y);
  CHECK(x.shape() == Shape{4, 2, 1, 1});
  CHECK(epoch(kept).size() == 4);
  nn::DataLoader moved(std::move(x), std::move(y), {.shuffle = false});
  CHECK(x.size() != 8);
  CHECK(epoch(moved) == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("a loader without samples has no batches") {
  nn::DataLoader loader(images(0), labels(0));
  CHECK(loader.batches() == 0);
  CHECK(epoch(loader).empty());
}

TEST_CASE("DataLoader: errors") {
  CHECK_THROWS_WITH_AS(
      (nn::DataLoader(images(3), labels(4))),
      "DataLoader: expected inputs and targets with equal first extents, got {3, 2, 1, 1} and {4}",
      ShapeError);
  CHECK_THROWS_WITH_AS((nn::DataLoader(images(3), labels(3), {.batch = 0})),
                       "DataLoader: expected a batch of at least 1 sample, got 0", ValueError);
}

TEST_CASE("take_samples returns a range of samples") {
  const auto last = nn::take_samples(images(10), 7, 10);
  CHECK(last.shape() == Shape{3, 2, 1, 1});
  CHECK(last(0, 0, 0, 0) == 7);
  CHECK(nn::take_samples(images(10), 4, 4).shape()[0] == 0);
  CHECK_THROWS_WITH_AS(nn::take_samples(images(10), 7, 11),
                       "take_samples: samples 7 to 11 are out of range for an array of shape {10, 2, 1, 1}",
                       ShapeError);
}

namespace {

struct Seen {
  std::vector<int> labels;
  std::vector<float> pixels;
  bool operator==(const Seen&) const = default;
};

/// The batches of `count` epochs.
template <class Loader>
Seen see(Loader& loader, int count) {
  Seen seen;
  for (int e = 0; e < count; ++e) {
    for (auto [x, y] : loader) {
      seen.labels.insert(seen.labels.end(), y.begin(), y.end());
      seen.pixels.insert(seen.pixels.end(), x.begin(), x.end());
    }
  }
  return seen;
}

nn::DataLoaderOptions noisy(std::size_t prefetch) {
  const nn::Transform noise = [](auto& x, Generator& generator) {
    for (auto& entry : x) entry += static_cast<float>(generator() >> 40);
  };
  return {.batch = 4, .seed = 3, .transform = {nn::random_shift(1), noise}, .prefetch = prefetch};
}

}  // namespace

TEST_CASE("batches made in advance are the same") {
  nn::DataLoader plain(images(30), labels(30), noisy(0));
  nn::DataLoader one(images(30), labels(30), noisy(1));
  nn::DataLoader many(images(30), labels(30), noisy(20));
  const Seen expected = see(plain, 3);
  CHECK(see(one, 3) == expected);
  CHECK(see(many, 3) == expected);
  CHECK(expected.pixels.size() == 3 * 30 * 2);
  CHECK(one.seconds_waited() > 0);
}

TEST_CASE("a loop that is left early ends the thread, and the next epoch is complete") {
  for (const std::size_t prefetch : {0, 1, 3}) {
    nn::DataLoader loader(images(30), labels(30), {.batch = 4, .prefetch = prefetch});
    for (auto [x, y] : loader) {
      if (y.size() == 4) break;
    }
    CHECK(epoch(loader).size() == 30);
    CHECK_THROWS_AS(
        [&] {
          for (auto [x, y] : loader) throw 1;
        }(),
        int);
    CHECK(epoch(loader).size() == 30);
    CHECK(loader.epoch() == 4);
  }
}

TEST_CASE("errors in the thread are thrown in the loop") {
  const nn::Transform fails = [](auto& x, Generator&) {
    if (x(0, 0, 0, 0) == 8) throw ValueError("here");
  };
  nn::DataLoader loader(images(30), labels(30),
                        {.batch = 4, .shuffle = false, .transform = fails, .prefetch = 2});
  std::size_t batches = 0;
  CHECK_THROWS_WITH_AS(
      [&] {
        for (auto [x, y] : loader) ++batches;
      }(),
      "here", ValueError);
  CHECK(batches == 2);
}

TEST_CASE("a loader resumes from its state, at any batch, with bit-identical batches") {
  for (const std::size_t prefetch : {0, 2}) {
    nn::DataLoader whole(images(18), labels(18), noisy(prefetch));
    const Seen expected = see(whole, 4);
    for (std::size_t stop = 0; stop <= 15; ++stop) {  // five batches an epoch
      CAPTURE(stop);
      nn::DataLoader first(images(18), labels(18), noisy(prefetch));
      Seen seen;
      nn::StateDict state = first.state_dict();
      for (std::size_t batch = 0; batch < stop;) {
        for (auto [x, y] : first) {
          seen.labels.insert(seen.labels.end(), y.begin(), y.end());
          seen.pixels.insert(seen.pixels.end(), x.begin(), x.end());
          state = first.state_dict();  // inside the loop: this batch counts as done
          if (++batch == stop) break;
        }
      }
      nn::DataLoader second(images(18), labels(18), noisy(prefetch));
      second.load_state_dict(state);
      CHECK(second.position() == (stop == 0 ? 0 : (stop - 1) % 5 + 1));
      // Complete epochs, after the rest of the unfinished one.
      const Seen rest = see(second, static_cast<int>(4 - stop / 5));
      seen.labels.insert(seen.labels.end(), rest.labels.begin(), rest.labels.end());
      seen.pixels.insert(seen.pixels.end(), rest.pixels.begin(), rest.pixels.end());
      CHECK(seen == expected);
    }
  }
}

TEST_CASE("errors for states of other loaders, and for transforms of integers") {
  nn::DataLoader loader(images(18), labels(18), {.batch = 4});
  nn::DataLoader other(images(18), labels(18), {.batch = 5});
  CHECK_THROWS_WITH_AS(loader.load_state_dict(other.state_dict()),
                       "DataLoader: expected a state with batch = 4, got 5", ValueError);
  CHECK_THROWS_WITH_AS(loader.load_state_dict({}), "DataLoader: the state has no valid \"samples\"",
                       ValueError);
  CHECK_THROWS_WITH_AS(
      (nn::DataLoader(xt::xarray<int>{1, 2}, xt::xarray<int>{1, 2}, {.transform = nn::random_flip()})),
      "DataLoader: a transform needs images in float or double; hold images of bytes in an "
      "nn::ImageDataset, whose batches are floating-point",
      ValueError);
}

TEST_CASE("memory of the thread is reused") {
  nn::DataLoader loader(Array<float>(Shape{4096, 28, 28, 1}, 1.0F), Array<int>(Shape{4096}, 0),
                        {.batch = 64, .prefetch = 2});
  const auto run = [&] {
    float sum = 0;
    for (auto [x, y] : loader) sum += x(0, 0, 0, 0);
    return sum;
  };
  run();
  [[maybe_unused]] const auto before = detail::system_allocations();
  CHECK(run() == 64);
#if !XGRAD_HAS_ADDRESS_SANITIZER                      // which disables the memory pool
  CHECK(detail::system_allocations() - before < 30);  // a new thread's few buffers; not 64 batches
#endif
}

namespace {

using Loader = nn::DataLoader<float, std::uint8_t>;

/// The first target of each remaining batch.
std::vector<int> rest(Loader::Iterator at) {
  std::vector<int> first;
  for (; at != Loader::Iterator(); ++at) first.push_back((*at).targets(0));
  return first;
}

Loader ordered(std::size_t prefetch, std::size_t count = 20) {
  return Loader(images(count), labels(count), {.batch = 4, .shuffle = false, .prefetch = prefetch});
}

}  // namespace

TEST_CASE("a loop outlives its loader") {
  for (const std::size_t prefetch : {0, 1, 3, 50}) {
    CAPTURE(prefetch);
    Loader::Iterator at;
    {
      Loader loader = ordered(prefetch);
      at = loader.begin();
      CHECK((*at).targets(0) == 0);
      ++at;
    }
    CHECK(rest(at) == std::vector<int>{4, 8, 12, 16});
    Loader::Iterator unused;
    { unused = ordered(prefetch).begin(); }
  }
}

TEST_CASE("a loader may be moved, assigned to and swapped during its loop") {
  for (const std::size_t prefetch : {0, 2}) {
    CAPTURE(prefetch);
    Loader loader = ordered(prefetch);
    auto at = loader.begin();
    (void)*at;
    Loader moved = std::move(loader);
    CHECK(moved.position() == 1);
    ++at;
    CHECK((*at).targets(0) == 4);
    CHECK(moved.position() == 2);  // the loop belongs to the moved loader
    CHECK_THROWS_WITH_AS(loader.batches(), "DataLoader: this loader was moved from", ValueError);
    CHECK_THROWS_AS(loader.begin(), ValueError);
    CHECK_THROWS_AS(loader.state_dict(), ValueError);
    loader = ordered(prefetch, 8);
    CHECK(epoch(loader) == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});

    std::swap(loader, moved);
    CHECK(loader.position() == 2);
    CHECK(moved.samples() == 8);
    moved = ordered(prefetch);
    loader = moved;  // the loop keeps the data that it started with
    ++at;
    CHECK(rest(at) == std::vector<int>{8, 12, 16});
    CHECK(loader.position() == 0);

    std::vector<int> seen;
    for (auto [x, y] : moved) {
      seen.push_back(y(0));
      moved = ordered(prefetch, 8);
    }
    CHECK(seen == std::vector<int>{0, 4, 8, 12, 16});
    auto& itself = loader;
    loader = std::move(itself);  // NOLINT
    auto& the_same = moved;
    moved = the_same;  // NOLINT
    CHECK(moved.batches() == 2);
  }
}

TEST_CASE("simultaneous loops are separate epochs; the state is that of the later one") {
  for (const std::size_t prefetch : {0, 2}) {
    CAPTURE(prefetch);
    Loader loader(images(20), labels(20), {.batch = 4, .seed = 3, .prefetch = prefetch});
    Loader alone(images(20), labels(20), {.batch = 4, .seed = 3});
    const std::vector<int> orders[] = {epoch(alone), epoch(alone), epoch(alone)};
    auto first = loader.begin();
    auto second = loader.begin();
    std::vector<int> seen[2];
    for (; first != loader.end(); ++first, ++second) {
      for (auto* each : {&first, &second}) {
        const auto y = (**each).targets;
        auto& own = seen[each == &second];
        own.insert(own.end(), y.begin(), y.end());
      }
    }
    CHECK(second == loader.end());
    CHECK(seen[0] == orders[0]);
    CHECK(seen[1] == orders[1]);
    CHECK(loader.epoch() == 2);
    CHECK(epoch(loader) == orders[2]);

    first = loader.begin(), second = loader.begin();
    (void)*second;
    for (; first != loader.end(); ++first) (void)*first;
    CHECK(loader.position() == 1);
    const auto copy = second;
    CHECK(copy == second);
    CHECK(copy != first);
    CHECK((*copy).targets == (*second).targets);
  }
}

TEST_CASE("batches may be skipped and requested twice; there is none at the end") {
  for (const std::size_t prefetch : {0, 1, 3}) {
    CAPTURE(prefetch);
    Loader loader = ordered(prefetch);
    auto at = loader.begin();
    ++at;
    CHECK((*at).targets(0) == 4);
    CHECK((*at).targets(0) == 4);
    ++at;
    ++at;
    CHECK((*at).targets(0) == 12);
    const auto kept = at;
    ++at;
    CHECK((*at).targets(0) == 16);
    CHECK((*kept).targets(0) == 12);
    at++;
    CHECK(at == loader.end());
    ++at;
    CHECK(at == loader.end());
    CHECK_THROWS_WITH_AS(*at, "DataLoader: the loop is at its end and has no batch", ValueError);
    CHECK_THROWS_AS(*loader.end(), ValueError);
    CHECK(rest(loader.begin()).size() == 5);
  }
}

namespace {

struct Own {
  int number;
};

/// A set whose samples from 8 to 11 cannot be read, the first `failures` times.
struct Failing {
  std::shared_ptr<int> failures;
  std::shared_ptr<std::function<void()>> fail;
  std::size_t size() const { return 20; }
  nn::Batch<float, std::uint8_t> batch(std::span<const std::size_t> indices) const {
    if (indices[0] == 8 && (*failures)-- > 0) (*fail)();
    nn::Batch<float, std::uint8_t> batch{Array<float>(Shape{indices.size()}),
                                         Array<std::uint8_t>(Shape{indices.size()})};
    for (std::size_t i = 0; i < indices.size(); ++i) batch.targets(i) = std::uint8_t(indices[i]);
    return batch;
  }
};

}  // namespace

TEST_CASE("an exception in the thread keeps its type, and the loader can continue") {
  for (const std::size_t prefetch : {0, 1, 3}) {
    CAPTURE(prefetch);
    const Failing data{std::make_shared<int>(1), std::make_shared<std::function<void()>>()};
    Loader loader(data, {.batch = 4, .shuffle = false, .prefetch = prefetch});
    const auto go = [&] {
      for (auto [x, y] : loader) {}
    };
    *data.fail = [] { throw Own{7}; };
    try {
      go();
      FAIL("nothing was thrown");
    } catch (const Own& own) {
      CHECK(own.number == 7);
    }
    CHECK(loader.position() == 2);
    CHECK(rest(loader.begin()).size() == 5);

    *data.failures = 1, *data.fail = [] { throw std::bad_alloc(); };
    auto at = loader.begin();
    ++at, ++at;
    CHECK_THROWS_AS(*at, std::bad_alloc);
    CHECK(rest(at) == std::vector<int>{8, 12, 16});  // requested again, it is read

    *data.failures = 1;
    at = loader.begin();
    ++at, ++at;
    CHECK_THROWS_AS(*at, std::bad_alloc);
    ++at;
    CHECK(rest(at) == std::vector<int>{12, 16});  // or it is skipped

    *data.failures = 1;
    const nn::StateDict before = loader.state_dict();
    CHECK_THROWS_AS(go(), std::bad_alloc);
    Loader resumed(data, {.batch = 4, .shuffle = false, .prefetch = prefetch});
    resumed.load_state_dict(loader.state_dict());
    CHECK(rest(resumed.begin()) == std::vector<int>{8, 12, 16});
  }
}

TEST_CASE("a state loaded during a loop over the same epoch stays correct") {
  Loader loader = ordered(2);
  std::vector<int> seen;
  for (auto [x, y] : loader) {
    seen.push_back(y(0));
    if (y(0) == 4) loader.load_state_dict(loader.state_dict());
  }
  CHECK(seen == std::vector<int>{0, 4, 8, 12, 16});
  CHECK(loader.position() == 5);
  CHECK(rest(loader.begin()).size() == 5);
  CHECK(loader.epoch() == 2);
}

TEST_CASE("copies share the data and have a position of their own") {
  Loader loader(images(20), labels(20), {.batch = 4, .seed = 3, .prefetch = 1});
  (void)*loader.begin();
  Loader copy = loader;
  CHECK(copy.position() == 1);
  const auto first = epoch(loader);
  CHECK(copy.position() == 1);
  CHECK(epoch(copy) == first);
}

TEST_CASE("a transform may change the shape of images, but not their number") {
  const nn::Transform fewer = [](auto& x, Generator&) {
    x = x.shape()[0] > 1 ? std::decay_t<decltype(x)>(Shape{1}) : x;
  };
  for (const std::size_t prefetch : {0, 2}) {
    nn::DataLoader loader(images(10), labels(10), {.batch = 4, .transform = fewer, .prefetch = prefetch});
    CHECK_THROWS_WITH_AS(*loader.begin(),
                         "DataLoader: expected 4 samples from the transform, got an array of shape {1}",
                         ShapeError);
  }
  nn::DataLoader wider(images(10), labels(10), {.batch = 4, .transform = nn::random_crop({3, 2}, 1)});
  CHECK((*wider.begin()).inputs.shape() == Shape{4, 3, 2, 1});
}

TEST_CASE_TEMPLATE("integers stay integers", T, std::int32_t, std::int64_t, std::uint8_t, std::int16_t) {
  const xt::xarray<T> tokens{{1, 2}, {3, 4}, {5, 100}};
  nn::DataLoader loader(tokens, tokens, {.batch = 2, .shuffle = false, .prefetch = 1});
  static_assert(std::is_same_v<decltype(loader), nn::DataLoader<T, T>>);
  Array<T> last;
  for (auto [x, y] : loader) last = x;
  CHECK(last == xt::xarray<T>{{5, 100}});
}
