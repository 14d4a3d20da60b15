#include <nn/saving/safetensors_header.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace xgrad::nn::detail {
namespace {

using Json = nlohmann::json;

constexpr std::array<Dtype, 22> dtypes{
    {{"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6},     {"F6_E3M2", 6}, {"U8", 8},          {"I8", 8},
     {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E5M2FNUZ", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"I16", 16},
     {"U16", 16},    {"F16", 16},    {"BF16", 16},       {"I32", 32},    {"U32", 32},        {"F32", 32},
     {"C64", 64},    {"F64", 64},    {"I64", 64},        {"U64", 64}}};

/// An array's description while it is parsed.
struct Draft {
  const Dtype* dtype = nullptr;
  std::optional<std::vector<std::uint64_t>> shape, offsets;
};

/// Handles the parser's events and keeps only the fields that are needed: a tree of the whole header would be
/// many times its size.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  HeaderReader(const files::InputFile& file, SafetensorsHeader& header) : file_(file), header_(header) {}

  bool null() override {
    if (place_ == Place::top && is_metadata()) return true;  // treated as absent
    return refuse_value();
  }
  bool boolean(bool) override { return refuse_value(); }
  bool number_integer(number_integer_t) override { return refuse_value(); }
  bool number_float(number_float_t, const string_t&) override { return refuse_value(); }
  bool binary(binary_t&) override { return refuse_value(); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::numbers) return refuse_value();
    numbers().push_back(value);
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::metadata) {
      header_.metadata[key_] = std::move(value);
    } else if (place_ == Place::description && next_field() == Field::dtype) {
      const auto* found =
          std::find_if(dtypes.begin(), dtypes.end(), [&](const Dtype& each) { return each.name == value; });
      if (found == dtypes.end()) fail(fmt::format("its dtype \"{}\" is not a type of the format", value));
      draft_.dtype = found;
      ++position_;
    } else {
      return refuse_value();
    }
    return true;
  }

  bool key(string_t& name) override {
    if (place_ == Place::top) {
      name_ = std::move(name);
      if (is_metadata() && std::exchange(metadata_came_, true)) {
        file_.fail(fmt::format("{} appears twice", metadata_key));
      }
    } else if (place_ == Place::metadata) {
      key_ = std::move(name);
    } else if (place_ == Place::description) {
      field_ = field_of(name);
      if (comes_again()) fail(fmt::format("its {} appears twice", name));
    }
    return true;
  }

  bool start_object(std::size_t) override {
    check_depth();
    if (place_ == Place::outside) {
      place_ = Place::top;
    } else if (place_ == Place::top) {
      begin_value(false);
    } else {
      begin_inner(false);
    }
    return true;
  }

  bool start_array(std::size_t) override {
    check_depth();
    if (place_ == Place::outside) file_.fail("its header is not a JSON object");
    if (place_ == Place::top) {
      begin_value(true);
    } else {
      begin_inner(true);
    }
    return true;
  }

  bool end_object() override { return end(); }
  bool end_array() override { return end(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    file_.fail(fmt::format("its header is not valid JSON: {}", error.what()));
  }

 private:
  enum class Place { outside, top, metadata, description, numbers, ignored };
  enum class Field { dtype, shape, offsets, other };
  static constexpr const char* field_names[] = {"dtype", "shape", "data_offsets"};

  static Field field_of(std::string_view name) {
    const auto* found = std::find(std::begin(field_names), std::end(field_names), name);
    return static_cast<Field>(found - std::begin(field_names));
  }

  [[noreturn]] void fail(std::string_view reason) const { file_.fail(name_, reason); }

  bool is_metadata() const { return name_ == metadata_key; }

  /// The field that the next value belongs to. The format's library also accepts a description as a list:
  /// ["F32", [2], [0, 8]].
  Field next_field() const { return is_list_ ? static_cast<Field>(std::min<int>(position_, 3)) : field_; }

  std::vector<std::uint64_t>& numbers() {
    return next_field() == Field::shape ? *draft_.shape : *draft_.offsets;
  }

  bool comes_again() const {
    switch (field_) {
      case Field::dtype:
        return draft_.dtype != nullptr;
      case Field::shape:
        return draft_.shape.has_value();
      case Field::offsets:
        return draft_.offsets.has_value();
      default:
        return false;
    }
  }

  void check_depth() {
    if (++depth_ >= 128) file_.fail("its header is not valid JSON: nested too deeply");
  }

  /// Begins a value under a name of the header.
  void begin_value(bool is_list) {
    if (is_metadata()) {
      if (is_list) file_.fail(fmt::format("{} is not a JSON object", metadata_key));
      place_ = Place::metadata;
      return;
    }
    place_ = Place::description;
    is_list_ = is_list;
    position_ = 0;
    draft_ = {};
  }

  /// Begins a list or an object within a value.
  void begin_inner(bool is_list) {
    if (place_ == Place::ignored) {
      ++ignored_;
      return;
    }
    if (place_ == Place::description && next_field() == Field::other && !is_list_) {
      place_ = Place::ignored;
      ignored_ = 1;
      return;
    }
    const bool starts_numbers = place_ == Place::description && is_list &&
                                (next_field() == Field::shape || next_field() == Field::offsets);
    if (!starts_numbers) {
      refuse_value();
      return;
    }
    (next_field() == Field::shape ? draft_.shape : draft_.offsets).emplace();
    place_ = Place::numbers;
  }

  bool end() {
    --depth_;
    switch (place_) {
      case Place::ignored:
        if (--ignored_ == 0) place_ = Place::description;
        break;
      case Place::numbers:
        place_ = Place::description;
        ++position_;
        break;
      case Place::description:
        finish_description();
        place_ = Place::top;
        break;
      case Place::metadata:
        place_ = Place::top;
        break;
      default:
        place_ = Place::outside;
    }
    return true;
  }

  void finish_description() {
    if (draft_.dtype == nullptr) fail("it has no dtype");
    if (!draft_.shape) fail("its shape is not a list of non-negative integers");
    if (!draft_.offsets) fail("its data_offsets is not a list of non-negative integers");
    if (draft_.offsets->size() != 2)
      fail(fmt::format("expected 2 data_offsets, got {}", draft_.offsets->size()));
    header_.entries.push_back({std::move(name_), draft_.dtype,
                               Shape(draft_.shape->begin(), draft_.shape->end()), (*draft_.offsets)[0],
                               (*draft_.offsets)[1]});
    name_.clear();
  }

  /// Fails for a value whose type is not allowed at its place; returns true if the value is ignored.
  bool refuse_value() {
    switch (place_) {
      case Place::ignored:
        return true;
      case Place::top:
        if (is_metadata()) file_.fail(fmt::format("{} is not a JSON object", metadata_key));
        fail("its description is not a JSON object");
      case Place::metadata:
        file_.fail(fmt::format("{}: \"{}\" is not a string", metadata_key, key_));
      case Place::numbers:
      case Place::description: {
        const Field field = next_field();
        if (field == Field::other && is_list_) fail("its description has more than three parts");
        if (field == Field::other) return true;
        if (field == Field::dtype) fail("its dtype is not a string");
        fail(fmt::format("its {} is not a list of non-negative integers",
                         field_names[static_cast<int>(field)]));
      }
      default:
        file_.fail("its header is not a JSON object");
    }
  }

  const files::InputFile& file_;
  SafetensorsHeader& header_;
  Place place_ = Place::outside;
  std::string name_, key_;  // keys of the current value: in the header, in the metadata
  Draft draft_;
  Field field_ = Field::other;
  bool is_list_ = false;
  int position_ = 0;  // in a description that is a list
  int depth_ = 0, ignored_ = 0;
  bool metadata_came_ = false;
};

std::string read_header_text(const files::InputFile& file) {
  if (file.size() < length_bytes)
    file.fail(fmt::format("{} bytes are too few for a safetensors file", file.size()));
  unsigned char bytes[length_bytes];
  file.read(0, bytes, length_bytes);
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length |= std::uint64_t{bytes[i]} << (8 * i);
  if (length > max_header_bytes) {
    file.fail(fmt::format("expected a header of at most {} bytes, got {}", max_header_bytes, length));
  }
  if (length > file.size() - length_bytes) {
    file.fail(fmt::format("a header of {} bytes in a file of {} bytes", length, file.size()));
  }
  std::string text(length, '\0');
  file.read(length_bytes, text.data(), text.size());
  return text;
}

void parse(const files::InputFile& file, const std::string& text, SafetensorsHeader& header) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos || text[begin] != '{') file.fail("its header is not a JSON object");
  // The parser would treat a NUL as the end of the text.
  if (const std::size_t nul = text.find('\0'); nul != std::string::npos) {
    file.fail(fmt::format("its header is not valid JSON: a NUL byte at {}", nul));
  }
  HeaderReader reader(file, header);
  Json::sax_parse(text, &reader);
}

void check_size(const files::InputFile& file, const SafetensorsEntry& entry) {
  std::uint64_t bits = 1;
  bool overflows = false;
  for (const std::size_t extent : entry.shape) overflows |= __builtin_mul_overflow(bits, extent, &bits);
  overflows |= __builtin_mul_overflow(bits, std::uint64_t{entry.dtype->bits}, &bits);
  if (overflows) file.fail(entry.name, fmt::format("its shape {} is too large", to_string(entry.shape)));
  if (bits % 8 != 0) {
    file.fail(entry.name, fmt::format("shape {} in {} takes {} bits, not whole bytes", to_string(entry.shape),
                                      entry.dtype->name, bits));
  }
  if (entry.end < entry.begin || entry.end - entry.begin != bits / 8) {
    file.fail(entry.name,
              fmt::format("shape {} in {} takes {} bytes; its offsets are {} and {}", to_string(entry.shape),
                          entry.dtype->name, bits / 8, entry.begin, entry.end));
  }
}

void check_names(const files::InputFile& file, const std::vector<SafetensorsEntry>& entries) {
  std::vector<std::string_view> names(entries.size());
  std::transform(entries.begin(), entries.end(), names.begin(),
                 [](const SafetensorsEntry& each) { return std::string_view(each.name); });
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) file.fail(*twice, "it appears twice");
}

/// Sorts the arrays by position, and checks that they fill the rest of the file without gaps or overlaps.
void check_places(const files::InputFile& file, std::vector<SafetensorsEntry>& entries,
                  std::uint64_t data_bytes) {
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t position = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != position) {
      file.fail(entry.name, fmt::format("it begins at byte {}; expected {}, where the array before it ends",
                                        entry.begin, position));
    }
    if (entry.end > data_bytes) {
      file.fail(entry.name,
                fmt::format("it ends at byte {} of {}: the file was cut short", entry.end, data_bytes));
    }
    position = entry.end;
  }
  if (position != data_bytes)
    file.fail(fmt::format("{} bytes at its end belong to no array", data_bytes - position));
}

}  // namespace

SafetensorsHeader read_safetensors_header(const files::InputFile& file) {
  SafetensorsHeader header;
  {
    const std::string text = read_header_text(file);
    header.data = length_bytes + text.size();
    parse(file, text, header);
  }
  check_names(file, header.entries);
  for (const SafetensorsEntry& entry : header.entries) check_size(file, entry);
  check_places(file, header.entries, file.size() - header.data);
  return header;
}

}  // namespace xgrad::nn::detail
