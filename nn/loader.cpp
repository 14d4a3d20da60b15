#include <autodiff/error.hpp>
#include <nn/loader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <sstream>
#include <string>
#include <thread>
#ifdef _OPENMP
#include <omp.h>
#endif

namespace xgrad::nn::detail {

// ---- Orders ----

namespace {

std::size_t count_batches(std::size_t samples, const DataLoaderOptions& options) {
  if (options.batch == 0) throw ValueError("DataLoader: batch is 0; expected at least 1 sample");
  return options.drop_last ? samples / options.batch
                           : samples / options.batch + (samples % options.batch != 0);
}

template <class X>
std::string text_of(const X& x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

/// What a state says under a name. Throws ValueError where it says nothing, or no such thing.
template <class X>
X read(const StateDict& state, const char* name) {
  const auto found = state.metadata.find(name);
  X value{};
  if (found == state.metadata.end() || !(std::istringstream(found->second) >> value)) {
    throw ValueError(fmt::format("DataLoader: the state has no proper \"{}\"", name));
  }
  return value;
}

}  // namespace

void check_no_transform(const DataLoaderOptions& options) {
  if (options.transform)
    throw ValueError("DataLoader: a transform came for images that are not float or double");
}

BatchOrder::BatchOrder(std::size_t count, const DataLoaderOptions& chosen)
    : options(chosen),
      samples(count),
      batches(count_batches(count, chosen)),
      generator_(chosen.seed),
      before_(generator_) {}

void BatchOrder::draw_order() {
  before_ = generator_;
  if (options.shuffle) {
    numbers_ = random_permutation(samples, generator_);
  } else {
    numbers_.resize(samples);
    std::iota(numbers_.begin(), numbers_.end(), std::size_t{0});
  }
}

void BatchOrder::begin() {
  if (unfinished_) {
    unfinished_ = false;
    return;
  }
  draw_order();
  ++epoch;
  next = 0;
}

std::span<const std::size_t> BatchOrder::numbers(std::size_t batch) const {
  const std::size_t first = batch * options.batch;
  return std::span(numbers_).subspan(first, std::min(options.batch, samples - first));
}

Generator BatchOrder::generator(std::size_t batch) const {
  std::seed_seq words{options.seed, options.seed >> 32, std::uint64_t{epoch}, std::uint64_t{batch}};
  return Generator(words);
}

StateDict BatchOrder::state_dict() const {
  return {{},
          {{"samples", std::to_string(samples)},
           {"batch", std::to_string(options.batch)},
           {"seed", std::to_string(options.seed)},
           {"epoch", std::to_string(epoch)},
           {"next", std::to_string(next)},
           {"generator", text_of(before_)}}};
}

void BatchOrder::load_state_dict(const StateDict& state) {
  const std::pair<const char*, std::uint64_t> same[] = {
      {"samples", samples}, {"batch", options.batch}, {"seed", options.seed}};
  for (const auto& each : same) {
    const auto came = read<std::uint64_t>(state, each.first);
    if (came != each.second) {
      throw ValueError(fmt::format("DataLoader: the state is that of a loader with {} = {}; this one has {}",
                                   each.first, came, each.second));
    }
  }
  const auto state_epoch = read<std::size_t>(state, "epoch");
  const auto state_next = read<std::size_t>(state, "next");
  const auto generator = read<Generator>(state, "generator");
  if (state_next > batches) {
    throw ValueError(
        fmt::format("DataLoader: the state is at batch {} of an epoch of {}", state_next, batches));
  }
  generator_ = generator;
  before_ = generator_;
  epoch = state_epoch;
  next = state_next;
  if (epoch > 0) draw_order();
  unfinished_ = epoch > 0 && next < batches;
}

// ---- The thread ----

struct Prefetcher::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<void>> ready;
  std::vector<std::shared_ptr<void>> used;
  std::exception_ptr failure;
  bool stop = false;
  std::thread thread;

  void run(const Make& make, std::size_t first, std::size_t last, std::size_t ahead) {
#ifdef _OPENMP
    omp_set_num_threads(1);  // of this thread: the cores are the training's
#endif
    for (std::size_t number = first; number < last; ++number) {
      std::vector<std::shared_ptr<void>> finished;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return stop || ready.size() < ahead; });
        if (stop) return;
        finished.swap(used);
      }
      finished.clear();  // gives their memory to this thread's pool
      std::shared_ptr<void> made;
      std::exception_ptr thrown;
      try {
        made = make(number);
      } catch (...) {
        thrown = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      failure = thrown;
      if (thrown == nullptr) ready.push_back(std::move(made));
      changed.notify_all();
      if (thrown != nullptr) return;
    }
  }
};

Prefetcher::Prefetcher(Make make, std::size_t first, std::size_t last, std::size_t ahead)
    : shared_(std::make_unique<Shared>()) {
  shared_->thread = std::thread([shared = shared_.get(), make = std::move(make), first, last, ahead] {
    shared->run(make, first, last, ahead);
  });
}

Prefetcher::~Prefetcher() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stop = true;
  }
  shared_->changed.notify_all();
  shared_->thread.join();
}

std::shared_ptr<void> Prefetcher::next() {
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait(lock, [this] { return !shared_->ready.empty() || shared_->failure != nullptr; });
  if (shared_->ready.empty()) std::rethrow_exception(shared_->failure);
  std::shared_ptr<void> first = std::move(shared_->ready.front());
  shared_->ready.pop_front();
  lock.unlock();
  shared_->changed.notify_all();
  return first;
}

void Prefetcher::give_back(std::shared_ptr<void> used) {
  const std::lock_guard lock(shared_->mutex);
  shared_->used.push_back(std::move(used));
}

}  // namespace xgrad::nn::detail
