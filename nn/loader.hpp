#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <autodiff/random.hpp>
#include <nn/augmentation.hpp>
#include <nn/dataset.hpp>
#include <nn/safetensors.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Mini-batches (section 4 of the note).

namespace xgrad::nn {

/// How a DataLoader forms batches.
struct DataLoaderOptions {
  std::size_t batch = 64;    ///< B, the samples of one batch; 1 is the note's online learning
  bool shuffle = true;       ///< a new order for every epoch
  bool drop_last = false;    ///< leave out the last batch where it is smaller than the others
  std::uint64_t seed = 0;    ///< of the orders, and of what the transform draws
  Transform transform = {};  ///< changes each batch of images: `{nn::random_shift(2), nn::random_flip()}`
  std::size_t prefetch = 0;  ///< so many batches are made ahead by a thread in the background
};

namespace detail {

/// Makes things ahead in a thread of its own, in order; what they are, the caller knows.
class XGRAD_API Prefetcher {
 public:
  using Make = std::function<std::shared_ptr<void>(std::size_t)>;

  /// Makes number `first` to `last` - 1, at most `ahead` before they are asked for.
  Prefetcher(Make make, std::size_t first, std::size_t last, std::size_t ahead);
  /// Ends the thread, after what it is making.
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// Waits for the next one. Throws what making it threw.
  std::shared_ptr<void> next();

  /// Takes one back to the thread that made it, whose memory is reused.
  void give_back(std::shared_ptr<void> used);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

/// Throws ValueError where there is a transform, but images of integers.
XGRAD_API void check_no_transform(const DataLoaderOptions& options);

/// What of a loader does not depend on its types: which batch of which epoch comes next, and the orders.
class XGRAD_API BatchOrder {
 public:
  /// Throws ValueError where an option is out of its range.
  BatchOrder(std::size_t samples, const DataLoaderOptions& options);

  /// Starts an epoch, or goes on with one that a state left unfinished.
  void begin();

  /// The samples of a batch of this epoch.
  std::span<const std::size_t> numbers(std::size_t batch) const;
  /// What the transform draws from for that batch.
  Generator generator(std::size_t batch) const;

  StateDict state_dict() const;
  void load_state_dict(const StateDict& state);

  DataLoaderOptions options;
  std::size_t samples;
  std::size_t batches;
  std::size_t epoch = 0;  // epochs begun
  std::size_t next = 0;   // batches of this epoch that were handed out

 private:
  void draw_order();

  std::vector<std::size_t> numbers_;
  Generator generator_;      // of the orders
  Generator before_;         // what it was before it drew this epoch's
  bool unfinished_ = false;  // this epoch is to be gone on with
};

}  // namespace detail

/// Goes over a data set in mini-batches. Each loop over it is an epoch, in an order of its own:
///
///     nn::DataLoader loader(images, labels, {.batch = 64, .seed = 1});
///     for (auto [images, labels] : loader) ...
///
/// It takes arrays of any shape whose first axes count the samples (labels keep their type; an Array that is
/// moved in is taken over without a copy), or any Dataset. The same seed gives the same orders, epoch for
/// epoch, and the same transforms, with and without prefetch. One loop at a time.
template <class T, class L>
class DataLoader {
 public:
  /// Throws ShapeError where the arrays do not have equally many samples, ValueError for a batch of 0.
  template <ExpressionOf<T> Images, ExpressionOf<L> Labels>
  DataLoader(Images&& images, Labels&& labels, const DataLoaderOptions& options = {})
      : DataLoader(
            [&] {
              detail::check_samples("DataLoader", images.shape(), labels.shape());
              return ArrayDataset<T, L>(std::forward<Images>(images), std::forward<Labels>(labels));
            }(),
            options) {}

  /// Throws ValueError for a batch of 0, or a transform where the images are neither float nor double.
  template <Dataset D>
  explicit DataLoader(D dataset, const DataLoaderOptions& options = {})
      : order_(dataset.size(), options), dataset_(std::move(dataset)) {
    if constexpr (!transformable) detail::check_no_transform(options);
  }

  /// Where a loop is: the batch is put together when it is asked for, or before by the thread.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Batch<T, L>;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;

    Iterator() = default;
    Iterator(DataLoader* loader, std::shared_ptr<detail::Prefetcher> ahead, std::size_t batch)
        : loader_(loader), ahead_(std::move(ahead)), batch_(batch) {}

    Batch<T, L> operator*() const { return loader_->hand_out(ahead_.get(), batch_); }
    Iterator& operator++() {
      ++batch_;
      return *this;
    }
    void operator++(int) { ++batch_; }
    bool operator==(const Iterator& other) const { return batch_ == other.batch_; }

   private:
    DataLoader* loader_ = nullptr;
    std::shared_ptr<detail::Prefetcher> ahead_;
    std::size_t batch_ = 0;
  };

  /// Starts an epoch; after load_state_dict, goes on with the one that was left.
  Iterator begin() {
    order_.begin();
    std::shared_ptr<detail::Prefetcher> ahead;
    const std::size_t threads = order_.options.prefetch;
    if (threads > 0 && order_.next < order_.batches) {
      ahead = std::make_shared<detail::Prefetcher>(
          [this](std::size_t number) { return std::make_shared<Batch<T, L>>(make(number)); }, order_.next,
          order_.batches, threads);
    }
    return {this, std::move(ahead), order_.next};
  }
  Iterator end() { return {this, nullptr, order_.batches}; }

  /// The number of batches of an epoch.
  std::size_t batches() const { return order_.batches; }
  /// The number of samples.
  std::size_t samples() const { return order_.samples; }
  /// The samples of a batch, but for the last.
  std::size_t batch_size() const { return order_.options.batch; }
  /// The number of epochs that were begun.
  std::size_t epoch() const { return order_.epoch; }
  /// The batches of this epoch that were handed out.
  std::size_t position() const { return order_.next; }

  /// The time that loops over it have waited for data so far, making batches included.
  double seconds_waited() const { return seconds_waited_; }

  /// Where it is: the batch handed out last counts as done. After load_state_dict, the next loop goes on with
  /// the batch after it, and later epochs have the orders that they would have had.
  StateDict state_dict() const { return order_.state_dict(); }
  /// Throws ValueError where the state is that of another number of samples, batch size or seed.
  void load_state_dict(const StateDict& state) { order_.load_state_dict(state); }

 private:
  static constexpr bool transformable = std::is_same_v<T, float> || std::is_same_v<T, double>;

  Batch<T, L> make(std::size_t number) const {
    Batch<T, L> batch = dataset_.batch(order_.numbers(number));
    if constexpr (transformable) {
      if (order_.options.transform) {
        Generator generator = order_.generator(number);
        order_.options.transform(batch.images, generator);
      }
    }
    return batch;
  }

  Batch<T, L> hand_out(detail::Prefetcher* ahead, std::size_t number) {
    const auto start = std::chrono::steady_clock::now();
    Batch<T, L> batch;
    if (ahead != nullptr && number == order_.next) {
      auto made = std::static_pointer_cast<Batch<T, L>>(ahead->next());
      batch = *made;  // memory of this thread; that of the other goes back there
      ahead->give_back(std::move(made));
    } else {
      batch = make(number);
    }
    order_.next = number + 1;
    seconds_waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return batch;
  }

  detail::BatchOrder order_;
  AnyDataset<T, L> dataset_;
  double seconds_waited_ = 0;
};

template <Expression Images, Expression Labels>
DataLoader(Images&&, Labels&&, const DataLoaderOptions& = {})
    -> DataLoader<typename std::remove_cvref_t<Images>::value_type,
                  typename std::remove_cvref_t<Labels>::value_type>;
template <Dataset D>
DataLoader(D, const DataLoaderOptions& = {})
    -> DataLoader<typename detail::batch_types<D>::Image, typename detail::batch_types<D>::Label>;

}  // namespace xgrad::nn
