#include <autodiff/error.hpp>
#include <nn/saving/layout.hpp>
#include <nn/saving/safetensors_files.hpp>
#include <nn/saving/saving.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace xgrad::nn::detail {
namespace {

/// An array of a file or a state that has not been read: its name, type and shape.
struct Offer {
  std::string name;
  std::string_view dtype;
  Shape shape;
  std::string unreadable;  // the reason, if it cannot be read
  bool taken = false;
};

/// The arrays of a file or a state, read on demand.
struct Source {
  std::vector<Offer> offers;
  std::function<AnyArray(std::size_t)> read;
};

Source source_of(const StateDict& state) {
  Source source;
  for (const NamedArray& each : state.arrays) {
    const Shape shape = std::visit([](const auto& array) { return array.shape(); }, each.array);
    source.offers.push_back({each.name, dtype_name(each.array), shape, ""});
  }
  source.read = [&state](std::size_t i) { return state.arrays[i].array; };
  return source;
}

Source source_of(const SafetensorsFiles& files) {
  Source source;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const SafetensorsEntry& entry = files.entry(i);
    source.offers.push_back({entry.name, entry.dtype->name, entry.shape, files.unreadable(i)});
  }
  source.read = [&files](std::size_t i) { return files.read(i); };
  return source;
}

bool is_real(std::string_view dtype) {
  return dtype == "F32" || dtype == "F64" || dtype == "F16" || dtype == "BF16";
}

template <class T>
constexpr const char* own_dtype = std::is_same_v<T, float> ? "F32" : "F64";

/// The array in precision T, and the flat index of the first finite entry that overflows T; its size if none
/// does.
template <class T>
std::pair<Array<T>, std::size_t> converted(AnyArray&& any) {
  if (auto* same = std::get_if<Array<T>>(&any)) return {std::move(*same), same->size()};
  return std::visit(
      [](const auto& array) {
        Array<T> result = empty<T>(array.shape());
        std::size_t overflow = array.size();
        for (std::size_t i = array.size(); i-- > 0;) {
          const auto number = static_cast<double>(array.data()[i]);
          result.data()[i] = static_cast<T>(array.data()[i]);
          if (std::isfinite(number) && !std::isfinite(result.data()[i])) overflow = i;
        }
        return std::pair(std::move(result), overflow);
      },
      any);
}

/// Finds the arrays of a model in a source, and records differences.
class Matching {
 public:
  Matching(Source source, const SavingOptions& options) : source_(std::move(source)), options_(options) {
    for (Offer& each : source_.offers) by_name_[each.name] = &each;
  }

  /// The array for this name in the model, or nullopt. Without a shape, any shape fits and the array may be
  /// missing.
  template <class T>
  std::optional<Array<T>> find(const std::string& name, const std::optional<Shape>& shape) {
    const auto found = by_name_.find(options_.prefix + name);
    if (found == by_name_.end()) {
      if (!shape) return std::nullopt;
      report_.missing.push_back(name);
      differences_.push_back(fmt::format("\"{}\" is missing", name));
      return std::nullopt;
    }
    Offer& offer = *found->second;
    offer.taken = true;
    const bool widens = is_real(offer.dtype) && (offer.dtype != "F64" || std::is_same_v<T, double>);
    const bool fits = !shape || offer.shape == *shape;
    if (!fits || !offer.unreadable.empty() || !(widens || options_.cast)) {
      const char* hint = fits && offer.unreadable.empty() ? "; .cast = true converts it" : "";
      refuse(name, fmt::format("is {} {} in the file, {} {} in the model{}", offer.dtype,
                               xgrad::to_string(offer.shape), own_dtype<T>,
                               xgrad::to_string(shape.value_or(offer.shape)), hint));
      return std::nullopt;
    }
    auto [array, overflow] =
        converted<T>(source_.read(static_cast<std::size_t>(&offer - source_.offers.data())));
    if (overflow != array.size()) {
      refuse(name, fmt::format("has an entry out of the range of {} at {}", own_dtype<T>,
                               xgrad::to_string(xgrad::detail::index_of(overflow, array.shape()))));
      return std::nullopt;
    }
    if (offer.dtype != own_dtype<T>) report_.cast[name] = fmt::format("{} to {}", offer.dtype, own_dtype<T>);
    report_.loaded.push_back(name);
    return std::move(array);
  }

  /// Adds the arrays that were not taken to the report. Throws if anything differs, unless `strict` is false.
  LoadReport finish(const std::string& where) {
    for (const Offer& each : source_.offers) {
      if (each.taken) continue;
      if (!each.name.starts_with(options_.prefix)) {
        report_.skipped[each.name] = fmt::format("its name does not begin with \"{}\"", options_.prefix);
      } else if (!each.unreadable.empty()) {
        report_.skipped[each.name] = each.unreadable;
      } else if (!is_real(each.dtype)) {
        report_.skipped[each.name] =
            fmt::format("its type is {}, and the model has no array of its name", each.dtype);
      } else {
        report_.unexpected.push_back(each.name);
        differences_.push_back(fmt::format("\"{}\" is not in the model", each.name));
      }
    }
    if (options_.strict && !differences_.empty()) {
      throw FileError(
          fmt::format("load: {} does not fit the model: {}", where, fmt::join(differences_, "; ")));
    }
    return std::move(report_);
  }

 private:
  void refuse(const std::string& name, const std::string& what) {
    report_.mismatched[name] = what;
    differences_.push_back(fmt::format("\"{}\" {}", name, what));
  }

  Source source_;
  const SavingOptions& options_;
  std::map<std::string_view, Offer*> by_name_;
  LoadReport report_;
  std::vector<std::string> differences_;  // in the order of the model
};

template <class T>
LoadReport load_from(Source source, const SavedParts<T>& parts, const SavingOptions& options,
                     const std::string& where) {
  const FileOrders orders = file_orders(parts, options);
  Matching matching(std::move(source), options);
  std::vector<std::optional<Array<T>>> values, buffer_values;
  for (std::size_t i = 0; i < parts.parameters.size(); ++i) {
    const auto& each = parts.parameters[i];
    values.push_back(
        matching.find<T>(each.name, shape_in_file(orders.parameters[i], each.parameter.shape())));
  }
  for (std::size_t i = 0; i < parts.buffers.size(); ++i) {
    const Buffer<T>& buffer = *parts.buffers[i].buffer;
    std::optional<Shape> shape;
    if (buffer.has_value()) shape = shape_in_file(orders.buffers[i], buffer.value().shape());
    buffer_values.push_back(matching.find<T>(parts.buffers[i].name, shape));
  }
  LoadReport report = matching.finish(where);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    ParameterHandle<T> parameter = parts.parameters[i].parameter;
    parameter.set_value(from_file(orders.parameters[i], *values[i], parameter.shape()));
  }
  for (std::size_t i = 0; i < buffer_values.size(); ++i) {
    if (!buffer_values[i]) continue;
    Buffer<T>& buffer = *parts.buffers[i].buffer;
    const Shape shape = buffer.has_value() ? buffer.value().shape() : buffer_values[i]->shape();
    buffer.mutable_value() = from_file(orders.buffers[i], *buffer_values[i], shape);
  }
  return report;
}

}  // namespace

template <class T>
StateDict state_dict(const SavedParts<T>& parts, const SavingOptions& options) {
  const FileOrders orders = file_orders(parts, options);
  StateDict state;
  state.metadata["producer"] = "xgrad";
  for (std::size_t i = 0; i < parts.parameters.size(); ++i) {
    const auto& each = parts.parameters[i];
    state.arrays.push_back(
        {options.prefix + each.name, to_file(orders.parameters[i], each.parameter.value())});
  }
  for (std::size_t i = 0; i < parts.buffers.size(); ++i) {
    const auto& each = parts.buffers[i];
    if (!each.buffer->has_value()) continue;
    state.arrays.push_back({options.prefix + each.name, to_file(orders.buffers[i], each.buffer->value())});
  }
  return state;
}

template <class T>
LoadReport load_state_dict(const SavedParts<T>& parts, const StateDict& state, const SavingOptions& options,
                           const std::string& where) {
  return load_from(source_of(state), parts, options, where);
}

template <class T>
LoadReport load_file(const SavedParts<T>& parts, const std::filesystem::path& path,
                     const SavingOptions& options) {
  const SafetensorsFiles files(path);
  return load_from(source_of(files), parts, options, path.string());
}

#define XGRAD_INSTANTIATE(T)                                                                     \
  template XGRAD_API StateDict state_dict<T>(const SavedParts<T>&, const SavingOptions&);        \
  template XGRAD_API LoadReport load_state_dict<T>(const SavedParts<T>&, const StateDict&,       \
                                                   const SavingOptions&, const std::string&);    \
  template XGRAD_API LoadReport load_file<T>(const SavedParts<T>&, const std::filesystem::path&, \
                                             const SavingOptions&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn::detail

namespace xgrad::nn {

std::string LoadReport::text() const {
  std::string all;
  const auto list = [&](const char* kind, const std::vector<std::string>& names) {
    if (!names.empty()) all += fmt::format("{}: {}\n", kind, fmt::join(names, ", "));
  };
  const auto explain = [&](const char* kind, const std::map<std::string, std::string>& names) {
    std::vector<std::string> each;
    for (const auto& [name, reason] : names) each.push_back(fmt::format("{} ({})", name, reason));
    list(kind, each);
  };
  all += fmt::format("loaded: {} array{}\n", loaded.size(), loaded.size() == 1 ? "" : "s");
  list("missing", missing);
  list("unexpected", unexpected);
  explain("mismatched", mismatched);
  explain("skipped", skipped);
  explain("cast", cast);
  return all;
}

}  // namespace xgrad::nn
