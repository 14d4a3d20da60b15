#include <autodiff/error.hpp>
#include <nn/data/generator_state.hpp>
#include <nn/data/loader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#ifdef _OPENMP
#include <omp.h>
#endif

namespace xgrad::nn::detail {

// ---- Orders ----

namespace {

std::size_t count_batches(std::size_t samples, const DataLoaderOptions& options) {
  if (options.batch == 0) throw ValueError("DataLoader: expected a batch of at least 1 sample, got 0");
  return options.drop_last ? samples / options.batch
                           : samples / options.batch + (samples % options.batch != 0);
}

/// The value that a state has under a name. Throws ValueError if it is missing or malformed.
template <class X>
X read(const StateDict& state, const char* name) {
  const auto found = state.metadata.find(name);
  std::optional<X> value;
  if (found != state.metadata.end()) {
    const std::string& text = found->second;
    if constexpr (std::is_same_v<X, Generator>) {
      value = generator_from(text);
    } else {
      const char* const end = text.data() + text.size();
      const auto [last, error] = std::from_chars(text.data(), end, value.emplace());
      if (error != std::errc() || last != end) value.reset();
    }
  }
  if (!value) throw ValueError(fmt::format("DataLoader: the state has no valid \"{}\"", name));
  return *std::move(value);
}

}  // namespace

void check_no_transform(const DataLoaderOptions& options) {
  if (options.transform) {
    throw ValueError(
        "DataLoader: a transform needs images in float or double; hold images of bytes in an "
        "nn::ImageDataset, whose batches are floating-point");
  }
}

void check_transformed(const Shape& images, std::size_t samples) {
  if (images.empty() || images[0] != samples) {
    throw ShapeError(
        fmt::format("DataLoader: expected {1} samples from the transform, got an array of shape {0}",
                    to_string(images), samples));
  }
}

void throw_loop_ended() { throw ValueError("DataLoader: the loop is at its end and has no batch"); }

void throw_moved_loader() { throw ValueError("DataLoader: this loader was moved from"); }

BatchOrder::BatchOrder(std::size_t count, const DataLoaderOptions& options)
    : samples(count),
      batches(count_batches(count, options)),
      batch_(options.batch),
      shuffle_(options.shuffle),
      seed_(options.seed),
      generator_(options.seed) {
  epoch_ = std::make_shared<const Epoch>(Epoch{0, {}, generator_});
}

void BatchOrder::draw_order(std::size_t number) {
  Epoch epoch{number, {}, generator_};
  if (shuffle_) {
    epoch.order = random_permutation(samples, generator_);
  } else {
    epoch.order.resize(samples);
    std::iota(epoch.order.begin(), epoch.order.end(), std::size_t{0});
  }
  epoch_ = std::make_shared<const Epoch>(std::move(epoch));
}

std::shared_ptr<const Epoch> BatchOrder::begin() {
  if (!unfinished_) {
    draw_order(epoch_->number + 1);
    next = 0;
  }
  unfinished_ = false;
  return epoch_;
}

void BatchOrder::handed_out(const Epoch& epoch, std::size_t batch) {
  if (&epoch != epoch_.get() && !(epoch == *epoch_)) return;
  next = batch + 1;
  unfinished_ = false;  // also if a state of this epoch was loaded during the loop over it
}

std::span<const std::size_t> batch_numbers(const Epoch& epoch, std::size_t batch, std::size_t batch_size) {
  const std::size_t first = batch * batch_size;
  return std::span(epoch.order).subspan(first, std::min(batch_size, epoch.order.size() - first));
}

Generator batch_generator(const Epoch& epoch, std::size_t batch, std::uint64_t seed) {
  std::seed_seq words{seed, seed >> 32, std::uint64_t{epoch.number}, std::uint64_t{batch}};
  return Generator(words);
}

StateDict BatchOrder::state_dict() const {
  return {{},
          {{"samples", std::to_string(samples)},
           {"batch", std::to_string(batch_)},
           {"seed", std::to_string(seed_)},
           {"epoch", std::to_string(epoch_->number)},
           {"next", std::to_string(next)},
           {"generator", generator_text(epoch_->before)}}};
}

void BatchOrder::load_state_dict(const StateDict& state) {
  const std::pair<const char*, std::uint64_t> same[] = {
      {"samples", samples}, {"batch", batch_}, {"seed", seed_}};
  for (const auto& each : same) {
    const auto came = read<std::uint64_t>(state, each.first);
    if (came != each.second) {
      throw ValueError(
          fmt::format("DataLoader: expected a state with {0} = {2}, got {1}", each.first, came, each.second));
    }
  }
  const auto state_epoch = read<std::size_t>(state, "epoch");
  const auto state_next = read<std::size_t>(state, "next");
  const auto generator = read<Generator>(state, "generator");
  if (state_next > batches) {
    throw ValueError(fmt::format("DataLoader: the state is at batch {}, but an epoch has {} batches",
                                 state_next, batches));
  }
  generator_ = generator;
  next = state_next;
  if (state_epoch > 0) {
    draw_order(state_epoch);
  } else {
    epoch_ = std::make_shared<const Epoch>(Epoch{0, {}, generator_});
  }
  unfinished_ = state_epoch > 0 && next < batches;
}

// ---- The thread ----

struct Prefetcher::Shared {
  using Thing = std::pair<std::size_t, std::shared_ptr<void>>;  // with its index

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Thing> ready;
  std::vector<std::shared_ptr<void>> used;
  std::exception_ptr failure;  // of making item `next`
  std::size_t next = 0;        // index of the item to make next
  bool stop = false;
  bool ended = false;  // the thread makes no more
  Make make;
  std::thread thread;

  /// Makes item `next` once there is room for it; false if the thread has to stop.
  bool make_next(std::size_t ahead) {
    std::vector<std::shared_ptr<void>> finished;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return stop || ready.size() < ahead; });
      if (stop) return false;
      finished.swap(used);
    }
    finished.clear();  // gives their memory to this thread's pool
    std::shared_ptr<void> made = make(next);
    const std::lock_guard lock(mutex);
    ready.emplace_back(next, std::move(made));
    ++next;
    changed.notify_all();
    return true;
  }

  void run(std::size_t last, std::size_t ahead) noexcept {
#ifdef _OPENMP
    omp_set_num_threads(1);  // for this thread: the cores belong to training
#endif
    std::exception_ptr thrown;
    try {
      while (next < last && make_next(ahead)) {}
    } catch (...) {
      thrown = std::current_exception();
    }
    const std::lock_guard lock(mutex);
    failure = std::move(thrown);
    ended = true;
    changed.notify_all();
  }
};

Prefetcher::Prefetcher(Make make, std::size_t first, std::size_t last, std::size_t ahead)
    : shared_(std::make_unique<Shared>()) {
  shared_->make = std::move(make);
  shared_->next = first;
  try {
    shared_->thread = std::thread([shared = shared_.get(), last, ahead] { shared->run(last, ahead); });
  } catch (const std::system_error&) {
    shared_->ended = true;
  }
}

Prefetcher::~Prefetcher() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stop = true;
  }
  shared_->changed.notify_all();
  if (shared_->thread.joinable()) shared_->thread.join();
}

std::shared_ptr<void> Prefetcher::take(std::size_t number) {
  Shared& s = *shared_;
  std::unique_lock lock(s.mutex);
  while (true) {
    while (!s.ready.empty() && s.ready.front().first < number) {
      s.used.push_back(std::move(s.ready.front().second));
      s.ready.pop_front();
      s.changed.notify_all();
    }
    if (!s.ready.empty() || s.ended || s.next > number) break;
    s.changed.wait(lock);
  }
  if (!s.ready.empty() && s.ready.front().first == number) {
    std::shared_ptr<void> first = std::move(s.ready.front().second);
    s.ready.pop_front();
    s.changed.notify_all();
    return first;
  }
  if (s.failure != nullptr && s.next == number) std::rethrow_exception(std::exchange(s.failure, nullptr));
  return nullptr;
}

void Prefetcher::give_back(std::shared_ptr<void> used) {
  const std::lock_guard lock(shared_->mutex);
  shared_->used.push_back(std::move(used));
}

}  // namespace xgrad::nn::detail
