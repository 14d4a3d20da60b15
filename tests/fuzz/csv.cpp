#include <nn/data/csv.hpp>

#include "fuzz.hpp"

/// The first bytes choose the options, the others are the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  xgrad::nn::CsvOptions options;
  options.delimiter = ",; \t"[data[0] & 3];
  options.header = (data[0] & 4) != 0;
  if ((data[0] & 8) != 0) options.missing = -1;
  if ((data[0] & 16) != 0) options.decimal = options.delimiter == ',' ? '.' : ',';
  if ((data[0] & 32) != 0) options.comment = '#';
  if ((data[0] & 64) != 0) options.categories = {data[1] & 3};
  if ((data[0] & 128) != 0) options.skip = {data[1] >> 2 & 3};
  fuzz::run(data + 2, size - 2, [&](const auto& path) {
    const auto table = xgrad::nn::read_csv(path, options);
    for (const auto& [column, names] : table.categories) {
      for (const double value : table.values_of(column)) {
        if (value != -1 && !(value >= 0 && value < static_cast<double>(names.size()))) std::abort();
      }
    }
  });
  return 0;
}
