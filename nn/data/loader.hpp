#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <autodiff/random.hpp>
#include <nn/data/augmentation.hpp>
#include <nn/data/dataset.hpp>
#include <nn/saving/state_dict.hpp>

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

/// Options for DataLoader.
struct DataLoaderOptions {
  std::size_t batch = 64;    ///< B, the number of samples of a batch; 1 is the note's online learning
  bool shuffle = true;       ///< a new order for every epoch
  bool drop_last = false;    ///< omit the last batch if it is smaller than the others
  std::uint64_t seed = 0;    ///< of the orders and of the transform
  Transform transform = {};  ///< of each batch of images: `{nn::random_shift(2), nn::random_flip()}`
  std::size_t prefetch = 0;  ///< number of batches that a background thread makes in advance
};

namespace detail {

/// Makes items in advance, in order, in a thread of its own. The caller knows their type.
class XGRAD_API Prefetcher {
 public:
  using Make = std::function<std::shared_ptr<void>(std::size_t)>;

  /// Makes the items `first` to `last` - 1, at most `ahead` of them before they are requested. If the system
  /// cannot start a thread, none is made in advance.
  Prefetcher(Make make, std::size_t first, std::size_t last, std::size_t ahead);
  /// Ends the thread after the item that it is making.
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// Waits for the item with this index and drops those before it. Throws, once, what making it threw.
  /// Returns nothing if the thread is past it or has ended: the caller then makes it.
  std::shared_ptr<void> take(std::size_t number);

  /// Gives an item back to the thread that made it, so that its memory is reused.
  void give_back(std::shared_ptr<void> used);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

/// Throws ValueError if there is a transform: called for inputs of integers.
XGRAD_API void check_no_transform(const DataLoaderOptions& options);
/// Throws ShapeError if a transform changed the number of samples.
XGRAD_API void check_transformed(const Shape& images, std::size_t samples);
[[noreturn]] XGRAD_API void throw_loop_ended();
[[noreturn]] XGRAD_API void throw_moved_loader();

/// An epoch: the order of its samples. It is immutable, so threads may share it.
struct Epoch {
  std::size_t number = 0;          // of epochs started, including this one
  std::vector<std::size_t> order;  // of the samples
  Generator before;                // generator of the orders, before it drew this one

  bool operator==(const Epoch& other) const { return number == other.number && before == other.before; }
};

/// The state of a loader that changes and does not depend on its types: which batch of which epoch comes
/// next.
class XGRAD_API BatchOrder {
 public:
  /// Throws ValueError if an option is out of its range.
  BatchOrder(std::size_t samples, const DataLoaderOptions& options);

  /// Starts an epoch, or resumes, at batch `next`, one that a state left unfinished.
  std::shared_ptr<const Epoch> begin();

  /// Records that a batch was handed out, if it belongs to the epoch started last: of two simultaneous loops,
  /// a state describes the later one.
  void handed_out(const Epoch& epoch, std::size_t batch);

  StateDict state_dict() const;
  void load_state_dict(const StateDict& state);

  std::size_t epoch() const { return epoch_->number; }

  std::size_t samples;
  std::size_t batches;
  std::size_t next = 0;       // batches of the epoch started last that were handed out
  double seconds_waited = 0;  // for data

 private:
  void draw_order(std::size_t number);

  std::size_t batch_;
  bool shuffle_;
  std::uint64_t seed_;
  std::shared_ptr<const Epoch> epoch_;  // started last
  Generator generator_;                 // of the orders
  bool unfinished_ = false;             // the next loop resumes this epoch
};

/// The indices of the samples of a batch of an epoch.
XGRAD_API std::span<const std::size_t> batch_numbers(const Epoch& epoch, std::size_t batch,
                                                     std::size_t batch_size);
/// The generator of the transform for that batch.
XGRAD_API Generator batch_generator(const Epoch& epoch, std::size_t batch, std::uint64_t seed);

/// Makes batches. It is immutable, so the thread, the loops and the copies of a loader share it.
template <class T, class L>
struct BatchSource {
  static constexpr bool transformable = std::is_same_v<T, float> || std::is_same_v<T, double>;

  Batch<T, L> make(const Epoch& epoch, std::size_t number) const {
    Batch<T, L> batch = dataset.batch(batch_numbers(epoch, number, options.batch));
    if constexpr (transformable) {
      if (options.transform) {
        const std::size_t samples = batch.inputs.dimension() == 0 ? 0 : batch.inputs.shape()[0];
        Generator generator = batch_generator(epoch, number, options.seed);
        options.transform(batch.inputs, generator);
        check_transformed(batch.inputs.shape(), samples);
      }
    }
    return batch;
  }

  DataLoaderOptions options;
  AnyDataset<T, L> dataset;
};

/// A loop over an epoch. It owns everything it needs, so the loader may be moved, assigned to or destroyed
/// during the loop.
template <class T, class L>
class Loop {
 public:
  Loop(std::shared_ptr<const BatchSource<T, L>> source, std::shared_ptr<BatchOrder> order)
      : source_(std::move(source)), order_(std::move(order)), epoch_(order_->begin()) {
    const std::size_t ahead = source_->options.prefetch;
    if (ahead == 0 || order_->next >= order_->batches) return;
    ahead_ = std::make_unique<Prefetcher>(
        [source = source_, epoch = epoch_](std::size_t number) {
          return std::make_shared<Batch<T, L>>(source->make(*epoch, number));
        },
        order_->next, order_->batches, ahead);
  }

  std::size_t first() const { return order_->next; }
  std::size_t batches() const { return order_->batches; }

  Batch<T, L> hand_out(std::size_t number) {
    const auto start = std::chrono::steady_clock::now();
    Batch<T, L> batch = get(number);
    order_->handed_out(*epoch_, number);
    order_->seconds_waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return batch;
  }

 private:
  Batch<T, L> get(std::size_t number) {
    if (ahead_ != nullptr) {
      if (auto made = std::static_pointer_cast<Batch<T, L>>(ahead_->take(number))) {
        Batch<T, L> batch = *made;  // in memory of this thread; the other thread reuses its own
        ahead_->give_back(std::move(made));
        return batch;
      }
    }
    return source_->make(*epoch_, number);
  }

  std::shared_ptr<const BatchSource<T, L>> source_;
  std::shared_ptr<BatchOrder> order_;
  std::shared_ptr<const Epoch> epoch_;
  std::unique_ptr<Prefetcher> ahead_;  // last, so that its thread ends first
};

}  // namespace detail

/// Iterates over a data set in mini-batches. Each loop over it is an epoch, in an order of its own:
///
///     nn::DataLoader loader(images, labels, {.batch = 64, .seed = 1});
///     for (auto [inputs, targets] : loader) ...
///
/// It takes arrays of any shape whose first axis is that of the samples (an Array that is moved in is not
/// copied), or any Dataset. Inputs and targets keep their types: arrays of integers, such as tokens, stay
/// integers; for images held as bytes there is ImageDataset, whose batches are floating-point. The same seed
/// gives the same order in each epoch and the same transforms, with and without prefetch.
///
/// A loop owns what it needs: the loader may be moved, swapped, assigned to or destroyed during it. A copy
/// has its own position and shares the data; a loader that was moved from throws ValueError when used.
/// Simultaneous loops are separate epochs, and the state is that of the one started last. A loader must be
/// used by one thread at a time.
template <class T, class L>
class DataLoader {
 public:
  /// Throws ShapeError if the numbers of samples differ, ValueError if `batch` is 0.
  template <ExpressionOf<T> Images, ExpressionOf<L> Labels>
  DataLoader(Images&& images, Labels&& labels, const DataLoaderOptions& options = {})
      : DataLoader(
            [&] {
              detail::check_samples("DataLoader", images.shape(), labels.shape());
              return ArrayDataset<T, L>(std::forward<Images>(images), std::forward<Labels>(labels));
            }(),
            options) {}

  /// Throws ValueError if `batch` is 0, or if there is a transform and the inputs are neither float nor
  /// double.
  template <Dataset D>
  explicit DataLoader(D dataset, const DataLoaderOptions& options = {})
      : order_(std::make_shared<detail::BatchOrder>(dataset.size(), options)) {
    if constexpr (!Source::transformable) detail::check_no_transform(options);
    source_ = std::make_shared<const Source>(Source{options, AnyDataset<T, L>(std::move(dataset))});
  }

  DataLoader(const DataLoader& other)
      : source_(other.source_), order_(std::make_shared<detail::BatchOrder>(other.order())) {}
  DataLoader(DataLoader&&) noexcept = default;
  DataLoader& operator=(const DataLoader& other) { return *this = DataLoader(other); }
  DataLoader& operator=(DataLoader&&) noexcept = default;
  ~DataLoader() = default;

  /// The position of a loop: the batch is made when it is requested, or before by the thread. A
  /// default-constructed iterator is at the end.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;  ///< it reads each batch once
    using value_type = Batch<T, L>;                     ///< a mini-batch
    using difference_type = std::ptrdiff_t;             ///< which iterators must declare
    using pointer = void;                               ///< there is no operator->
    using reference = value_type;                       ///< batches are returned by value

    Iterator() = default;
    explicit Iterator(std::shared_ptr<detail::Loop<T, L>> loop)
        : loop_(std::move(loop)), batch_(loop_->first()) {}

    /// Throws ValueError at the end, and what the data set or the transform throws; then the same batch may
    /// be requested again, or the next one.
    Batch<T, L> operator*() const {
      if (at_end()) detail::throw_loop_ended();
      return loop_->hand_out(batch_);
    }
    Iterator& operator++() {
      if (!at_end()) ++batch_;
      return *this;
    }
    void operator++(int) { ++*this; }
    /// Whether both are at the end, or at the same batch of the same loop.
    bool operator==(const Iterator& other) const {
      return at_end() || other.at_end() ? at_end() == other.at_end()
                                        : loop_ == other.loop_ && batch_ == other.batch_;
    }

   private:
    bool at_end() const { return loop_ == nullptr || batch_ >= loop_->batches(); }

    std::shared_ptr<detail::Loop<T, L>> loop_;
    std::size_t batch_ = 0;
  };

  /// Starts an epoch; after load_state_dict, resumes the unfinished one.
  Iterator begin() {
    order();
    return Iterator(std::make_shared<detail::Loop<T, L>>(source_, order_));
  }
  /// The end of every epoch.
  Iterator end() const { return {}; }

  /// The number of batches of an epoch.
  std::size_t batches() const { return order().batches; }
  /// The number of samples.
  std::size_t samples() const { return order().samples; }
  /// The number of samples of a batch, except the last.
  std::size_t batch_size() const { return order(), source_->options.batch; }
  /// The number of epochs that were started.
  std::size_t epoch() const { return order().epoch(); }
  /// The number of batches of this epoch that were handed out.
  std::size_t position() const { return order().next; }

  /// The time that loops over it have waited for data so far, in seconds, including the time to make batches.
  double seconds_waited() const { return order().seconds_waited; }

  /// The position: the batch handed out last counts as done. After load_state_dict, the next loop resumes
  /// with the batch after it, and later epochs have the same orders as without the interruption.
  StateDict state_dict() const { return order().state_dict(); }
  /// Throws ValueError if the state is malformed or has another number of samples, batch size or seed.
  void load_state_dict(const StateDict& state) { order().load_state_dict(state); }

 private:
  using Source = detail::BatchSource<T, L>;

  detail::BatchOrder& order() const {
    if (order_ == nullptr) detail::throw_moved_loader();
    return *order_;
  }

  std::shared_ptr<const Source> source_;
  std::shared_ptr<detail::BatchOrder> order_;  // shared with its loops
};

/// T and L are the types of the entries of the arrays, or of the set's batches.
template <Expression Images, Expression Labels>
DataLoader(Images&&, Labels&&, const DataLoaderOptions& = {})
    -> DataLoader<typename std::remove_cvref_t<Images>::value_type,
                  typename std::remove_cvref_t<Labels>::value_type>;
template <Dataset D>
DataLoader(D, const DataLoaderOptions& = {})
    -> DataLoader<typename detail::batch_types<D>::Input, typename detail::batch_types<D>::Target>;

}  // namespace xgrad::nn
