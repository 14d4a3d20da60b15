#include <autodiff/array.hpp>
#include <autodiff/error.hpp>
#include <autodiff/kernels/dnnl.hpp>
#include <autodiff/kernels/onednn.hpp>
#include <autodiff/kernels/parallel.hpp>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#endif

namespace xgrad::kernels::onednn {
namespace {

using dnnl::memory;
using xgrad::detail::Window;
using xgrad::detail::WindowAxis;

const dnnl::engine& engine() {
  static const auto* instance =
      new dnnl::engine(dnnl::engine::kind::cpu, 0);  // never destroyed, for threads that end after main
  return *instance;
}

enum class Kind : std::int64_t { forward, input_gradient, weight_gradient };

constexpr std::size_t grain = std::size_t{1} << 19;  // multiply-adds that are worth a thread: about 5 us

/// The key of a cached primitive: its kind, all extents, the number of threads it may use, and the part of a
/// convolution that it computes.
struct Key {
  std::array<std::int64_t, 20> numbers{};
  bool operator==(const Key&) const = default;
};

struct KeyHash {
  std::size_t operator()(const Key& key) const noexcept {
    std::uint64_t hash = 0;
    for (const std::int64_t number : key.numbers) {
      hash = (hash ^ static_cast<std::uint64_t>(number)) * 0x9e3779b97f4a7c15U;
      hash ^= hash >> 32;
    }
    return hash;
  }
};

/// The workspace of the primitives that compute this part of a convolution: one buffer per part, as large as
/// the largest primitive needs.
void* scratch(std::size_t part, std::size_t bytes) {
  thread_local std::vector<Array<std::byte>> buffers;
  if (buffers.size() <= part) buffers.resize(part + 1);
  if (buffers[part].size() < bytes) buffers[part] = Array<std::byte>(Shape{bytes});
  return buffers[part].data();
}

/// A primitive and its memory objects. The addresses of activations are set at each call.
struct Primitive {
  dnnl::primitive primitive;
  dnnl::stream stream{engine()};
  memory::desc scratchpad;
  std::array<memory, 5> arguments;
  std::array<int, 5> names{};
  std::size_t count = 0;

  /// Converts between the program's layout of the weights, {O, kH, kW, I}, and the primitive's; empty if they
  /// are the same.
  dnnl::reorder reorder;
  memory plain_weight;
  memory weight;
  Array<std::byte> weight_buffer;
  Array<std::byte> last_weight;  ///< the weights that weight_buffer was made from; empty if not kept

  bool is_usable = false;

  void add(int name, const memory::desc& desc) {
    names[count] = name;
    arguments[count++] = memory(desc, engine(), DNNL_MEMORY_NONE);
  }

  /// Declares that the argument at index `position` is the weight.
  void set_weight(std::size_t position, const memory::desc& plain, bool is_result) {
    const memory::desc desc = arguments[position].get_desc();
    if (desc == plain) return;
    weight_buffer = Array<std::byte>(Shape{desc.get_size()});
    arguments[position] = memory(desc, engine(), weight_buffer.data());
    weight = arguments[position];
    plain_weight = memory(plain, engine(), DNNL_MEMORY_NONE);
    reorder = is_result ? dnnl::reorder(weight, plain_weight) : dnnl::reorder(plain_weight, weight);
    // Larger weights belong to convolutions so expensive that the cost of a reorder is negligible.
    constexpr std::size_t kept = std::size_t{1} << 18;
    if (!is_result && plain.get_size() <= kept) last_weight = Array<std::byte>(Shape{plain.get_size()});
  }

  /// Runs with the addresses of its arguments, in the order in which they were added. This function and the
  /// following ones may run in a parallel region, so they return whether they succeeded.
  bool run(std::span<const void* const> addresses) {
    std::array<dnnl_exec_arg_t, 6> list;
    for (std::size_t i = 0; i < count; ++i) {
      if (addresses[i] != nullptr && !set_address(arguments[i], addresses[i])) return false;
      list[i] = {names[i], arguments[i].get()};
    }
    std::size_t length = count;
    if (scratchpad.get_size() > 0) list[length++] = {DNNL_ARG_SCRATCHPAD, scratch_memory.get()};
    return dnnl_primitive_execute(primitive.get(), stream.get(), static_cast<int>(length), list.data()) ==
           dnnl_success;
  }

  /// Converts the weights to the primitive's layout if they have changed since the last call.
  bool take_weight(const void* plain) {
    const std::size_t bytes = last_weight.size();
    if (bytes > 0) {
      if (has_weight && std::memcmp(last_weight.data(), plain, bytes) == 0) return true;
      std::memcpy(last_weight.data(), plain, bytes);
      has_weight = true;
    }
    return run_reorder(plain, false);
  }

  bool run_reorder(const void* plain, bool is_result) {
    if (!set_address(plain_weight, plain)) return false;
    const dnnl_exec_arg_t list[] = {{DNNL_ARG_FROM, (is_result ? weight : plain_weight).get()},
                                    {DNNL_ARG_TO, (is_result ? plain_weight : weight).get()}};
    return dnnl_primitive_execute(reorder.get(), stream.get(), 2, list) == dnnl_success;
  }

  /// Sets the workspace of its part; call it before a parallel region.
  void prepare(std::size_t part) {
    if (scratchpad.get_size() > 0) set_address(scratch_memory, scratch(part, scratchpad.get_size()));
  }

  void set_scratchpad(const memory::desc& desc) {
    scratchpad = desc;
    if (desc.get_size() > 0) scratch_memory = memory(desc, engine(), DNNL_MEMORY_NONE);
  }

 private:
  /// oneDNN has one pointer type for memory it reads and memory it writes.
  static bool set_address(const memory& at, const void* address) {
    return dnnl_memory_set_data_handle(at.get(), const_cast<void*>(address)) == dnnl_success;
  }

  memory scratch_memory;
  bool has_weight = false;
};

using Primitives = std::unordered_map<Key, std::unique_ptr<Primitive>, KeyHash>;

/// The thread's cached primitives, with room for `count` more; a full cache is cleared.
Primitives& primitives_with_room(std::size_t count) {
  constexpr std::size_t largest = 1024;
  thread_local Primitives primitives;
  if (primitives.size() + count > largest) primitives.clear();
  return primitives;
}

/// The primitive for this key. `make` fills in a new one and throws dnnl::error if oneDNN has none.
template <class Make>
Primitive& find_or_make(Primitives& primitives, const Key& key, Make&& make) {
  if (const auto found = primitives.find(key); found != primitives.end()) return *found->second;
  auto made = std::make_unique<Primitive>();
  try {
    make(*made);
    made->is_usable = true;
  } catch (const dnnl::error&) {
    *made = Primitive();
  }
  return *primitives.emplace(key, std::move(made)).first->second;
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

/// A convolution in oneDNN's terms.
struct Convolution {
  memory::desc images, weight, plain_weight, bias, result;
  memory::dims strides, dilations, before, behind;

  Convolution(const Window& window, std::size_t outputs, std::size_t groups, bool has_bias) {
    const auto extent = [](std::size_t e) { return static_cast<memory::dim>(e); };
    const WindowAxis& r = window.rows;
    const WindowAxis& c = window.columns;
    using tag = memory::format_tag;
    constexpr auto f32 = memory::data_type::f32;
    images = {
        {extent(window.images), extent(window.channels), extent(r.input), extent(c.input)}, f32, tag::nhwc};
    const std::size_t inputs = window.channels / groups;
    if (groups == 1) {
      const memory::dims kernel = {extent(outputs), extent(inputs), extent(r.window), extent(c.window)};
      weight = {kernel, f32, tag::any};
      plain_weight = {kernel, f32, tag::ohwi};
    } else {
      const memory::dims kernel = {extent(groups), extent(outputs / groups), extent(inputs), extent(r.window),
                                   extent(c.window)};
      const std::size_t each = r.window * c.window * inputs;
      weight = {kernel, f32, tag::any};
      plain_weight = {kernel, f32,
                      memory::dims{extent(outputs / groups * each), extent(each), 1,
                                   extent(c.window * inputs), extent(inputs)}};
    }
    if (has_bias) bias = {{extent(outputs)}, f32, tag::a};
    result = {{extent(window.images), extent(outputs), extent(r.output), extent(c.output)}, f32, tag::nhwc};
    strides = {extent(r.stride), extent(c.stride)};
    dilations = {extent(r.dilation - 1), extent(c.dilation - 1)};
    before = {extent(r.before), extent(c.before)};
    behind = {padding_behind(r), padding_behind(c)};
  }

  static memory::dim padding_behind(const WindowAxis& axis) {
    const auto reach = (axis.output - 1) * axis.stride + axis.reach();
    const auto end = axis.input + axis.before;
    return static_cast<memory::dim>(reach > end ? reach - end : 0);
  }

  dnnl::convolution_forward::primitive_desc forward() const {
    constexpr auto direct = dnnl::algorithm::convolution_direct;
    constexpr auto kind = dnnl::prop_kind::forward_training;
    return describe<dnnl::convolution_forward>(engine(), user_scratchpad(), kind, direct, images, weight,
                                               bias, result, strides, dilations, before, behind);
  }

  template <class P>
  typename P::primitive_desc gradient() const {
    return describe_gradient<P>(engine(), user_scratchpad(), forward(), dnnl::algorithm::convolution_direct,
                                images, weight, result, strides, dilations, before, behind);
  }
};

/// Whether an implementation, such as `x64:gemm:jit`, is built on oneDNN's matrix product. Those named
/// `brgemm` have their own kernels.
bool calls_product(std::string_view name) {
  const std::size_t at = name.find("gemm");
  return at != std::string_view::npos && (at < 2 || name.substr(at - 2, 2) != "br");
}

/// Whether an implementation writes past its workspace: those for strided 1x1 kernels first gather the
/// positions to be read, with all channels of their last vector, for which oneDNN 2.6 does not reserve
/// memory.
bool gathers_too_much(std::string_view name, const Window& window) {
  constexpr std::size_t widest_vector = 16;
  return name.find("1x1") != std::string_view::npos && window.channels % widest_vector != 0 &&
         (window.rows.stride > 1 || window.columns.stride > 1);
}

/// Whether a window may lie entirely in the padding, in which case oneDNN 3.7 reads outside the images.
bool leaves_images(const WindowAxis& axis) {
  return axis.before >= axis.reach() ||
         Convolution::padding_behind(axis) >= static_cast<memory::dim>(axis.reach());
}

/// Throws dnnl::error if an implementation is not suitable: the reference implementation; one that calls
/// oneDNN's matrix product, which is not safe with signal handlers (see gemm.hpp); one that reads or writes
/// out of bounds; for a depthwise convolution, one for groups of many channels.
template <class Description>
void check_implementation(const Description& description, const Window& window, std::size_t groups) {
  const std::string_view name = description.impl_info_str();
  const bool is_depthwise = groups > 1 && groups == window.channels;
  if (name.starts_with("ref") || calls_product(name) || gathers_too_much(name, window) ||
      leaves_images(window.rows) || leaves_images(window.columns) ||
      (is_depthwise && name.find("dw") == std::string_view::npos)) {
    throw dnnl::error(dnnl_unimplemented, "no fast implementation");
  }
}

/// The number of threads that a primitive may use in this context.
std::int64_t threads() {
#ifdef _OPENMP
  return omp_in_parallel() ? 1 : omp_get_max_threads();
#else
  return 1;
#endif
}

Key convolution_key(Kind kind, const Window& window, std::size_t outputs, std::size_t groups, bool has_bias,
                    std::size_t part) {
  const WindowAxis& r = window.rows;
  const WindowAxis& c = window.columns;
  Key key;
  std::size_t i = 0;
  key.numbers[i++] = static_cast<std::int64_t>(kind);
  key.numbers[i++] = has_bias;
  for (const std::size_t number :
       {window.images, window.channels, outputs, groups, r.input, r.window, r.stride, r.dilation, r.before,
        r.output, c.input, c.window, c.stride, c.dilation, c.before, c.output}) {
    key.numbers[i++] = static_cast<std::int64_t>(number);
  }
  key.numbers[i++] = threads();
  key.numbers[i] = static_cast<std::int64_t>(part);
  return key;
}

std::size_t multiply_adds(const Window& window, std::size_t outputs, std::size_t groups) {
  return window.images * (window.channels / groups) * outputs * window.rows.output * window.columns.output *
         window.rows.window * window.columns.window;
}

/// The number of parts in which the images of a convolution are computed: one per thread, or a single one if
/// there are fewer images than threads.
std::size_t part_count(const Window& window, std::size_t threads) {
  return threads <= window.images ? threads : 1;
}

/// Calls `run(primitive, first, part)` for parts of the images, one per thread, where `first` is the index of
/// the first image. Returns whether oneDNN has primitives for them. `make(primitive, window)` creates one for
/// some of the images. A part's primitive uses one thread, so that the result does not depend on which thread
/// computes the part; if there are fewer images than threads, a single primitive uses all threads.
template <class Make, class Run>
bool by_images(Kind kind, const Window& window, std::size_t outputs, std::size_t groups, bool has_bias,
               const Make& make, const Run& run) {
  const std::size_t work = multiply_adds(window, outputs, groups);
  if (work == 0) return false;
  const std::size_t images = window.images;
  const std::size_t wanted = thread_count(work, grain);
  const std::size_t parts = part_count(window, wanted);
  std::optional<OneThread> limit;
  if (parts > 1 || wanted == 1) limit.emplace();
  std::vector<Primitive*, PoolAllocator<Primitive*>> primitives(parts);
  Primitives& known = primitives_with_room(parts);
  for (std::size_t t = 0; t < parts; ++t) {
    Window part = window;
    part.images = images * (t + 1) / parts - images * t / parts;
    primitives[t] = &find_or_make(known, convolution_key(kind, part, outputs, groups, has_bias, t),
                                  [&](Primitive& made) { make(made, part); });
    if (!primitives[t]->is_usable) return false;
    primitives[t]->prepare(t);
  }
  std::atomic<bool> is_done = true;
  const auto run_part = [&](std::size_t first, std::size_t, std::size_t t) {
    try {
      if (!run(*primitives[t], first, t)) is_done = false;
    } catch (...) {
      is_done = false;  // oneDNN ran out of memory
    }
  };
  if (parts == 1) {
    run_part(0, images, 0);
  } else {
    limit.reset();
    parallel_parts(images, parts, run_part);
  }
  if (!is_done) throw MemoryError("conv2d: oneDNN ran out of memory");
  return true;
}

/// The number of entries of an image, and of its result.
std::size_t image_size(const Window& window) {
  return window.rows.input * window.columns.input * window.channels;
}
std::size_t result_size(const Window& window, std::size_t outputs) {
  return window.rows.output * window.columns.output * outputs;
}

}  // namespace

bool conv2d(const Window& window, std::size_t outputs, const float* images, const float* weight,
            const float* bias, float* result, std::size_t groups) {
  const auto make = [&](Primitive& made, const Window& part) {
    const Convolution convolution(part, outputs, groups, bias != nullptr);
    const auto desc = convolution.forward();
    check_implementation(desc, part, groups);
    made.primitive = dnnl::convolution_forward(desc);
    made.add(DNNL_ARG_SRC, desc.src_desc());
    made.add(DNNL_ARG_WEIGHTS, desc.weights_desc());
    made.add(DNNL_ARG_DST, desc.dst_desc());
    if (bias != nullptr) made.add(DNNL_ARG_BIAS, desc.bias_desc());
    made.set_weight(1, convolution.plain_weight, false);
    made.set_scratchpad(desc.scratchpad_desc());
  };
  const auto run = [&](Primitive& primitive, std::size_t first, std::size_t) {
    const bool reorders = static_cast<bool>(primitive.reorder);
    if (reorders && !primitive.take_weight(weight)) return false;
    const void* addresses[] = {images + first * image_size(window), reorders ? nullptr : weight,
                               result + first * result_size(window, outputs), bias};
    return primitive.run(addresses);
  };
  return by_images(Kind::forward, window, outputs, groups, bias != nullptr, make, run);
}

bool conv2d_input_gradient(const Window& window, std::size_t outputs, const float* gradient,
                           const float* weight, float* images, std::size_t groups) {
  const auto make = [&](Primitive& made, const Window& part) {
    const Convolution c(part, outputs, groups, false);
    const auto desc = c.gradient<dnnl::convolution_backward_data>();
    check_implementation(desc, part, groups);
    made.primitive = dnnl::convolution_backward_data(desc);
    made.add(DNNL_ARG_DIFF_DST, desc.diff_dst_desc());
    made.add(DNNL_ARG_WEIGHTS, desc.weights_desc());
    made.add(DNNL_ARG_DIFF_SRC, desc.diff_src_desc());
    made.set_weight(1, c.plain_weight, false);
    made.set_scratchpad(desc.scratchpad_desc());
  };
  const auto run = [&](Primitive& primitive, std::size_t first, std::size_t) {
    const bool reorders = static_cast<bool>(primitive.reorder);
    if (reorders && !primitive.take_weight(weight)) return false;
    const void* addresses[] = {gradient + first * result_size(window, outputs), reorders ? nullptr : weight,
                               images + first * image_size(window)};
    return primitive.run(addresses);
  };
  return by_images(Kind::input_gradient, window, outputs, groups, false, make, run);
}

bool conv2d_weight_gradient(const Window& window, std::size_t outputs, const float* images,
                            const float* gradient, float* weight, std::size_t groups) {
  const auto make = [&](Primitive& made, const Window& part) {
    const Convolution c(part, outputs, groups, false);
    const auto desc = c.gradient<dnnl::convolution_backward_weights>();
    check_implementation(desc, part, groups);
    made.primitive = dnnl::convolution_backward_weights(desc);
    made.add(DNNL_ARG_SRC, desc.src_desc());
    made.add(DNNL_ARG_DIFF_DST, desc.diff_dst_desc());
    made.add(DNNL_ARG_DIFF_WEIGHTS, desc.diff_weights_desc());
    made.set_weight(2, c.plain_weight, true);
    made.set_scratchpad(desc.scratchpad_desc());
  };
  const std::size_t size = outputs * (window.channels / groups) * window.rows.window * window.columns.window;
  const std::size_t threads = thread_count(multiply_adds(window, outputs, groups), grain);
  const std::size_t sums = part_count(window, threads) - 1;  // of the parts after the first
  Array<float> others(Shape{sums, size});
  const auto run = [&](Primitive& primitive, std::size_t first, std::size_t part) {
    float* to = part == 0 ? weight : others.data() + (part - 1) * size;
    const bool reorders = static_cast<bool>(primitive.reorder);
    const void* addresses[] = {images + first * image_size(window),
                               gradient + first * result_size(window, outputs), reorders ? nullptr : to};
    return primitive.run(addresses) && (!reorders || primitive.run_reorder(to, true));
  };
  if (!by_images(Kind::weight_gradient, window, outputs, groups, false, make, run)) return false;
  constexpr std::size_t sum_grain = std::size_t{1} << 16;
  parallel_for(size, sum_grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = 0; t < sums; ++t) {
      const float* from = others.data() + t * size;
      for (std::size_t i = begin; i < end; ++i) weight[i] += from[i];
    }
  });
  return true;
}

}  // namespace xgrad::kernels::onednn
