#include <autodiff/inspection/call_site.hpp>

#include <algorithm>
#include <string_view>

#if defined(XGRAD_WITH_LIBBACKTRACE)
#include <backtrace.h>
#define XGRAD_KNOWS_STACK
#elif __has_include(<execinfo.h>)
#include <execinfo.h>
#define XGRAD_KNOWS_STACK
#endif

#if defined(XGRAD_KNOWS_STACK)
#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#endif

namespace xgrad::detail {

#if defined(XGRAD_KNOWS_STACK)
namespace {

/// The mapped file that contains an address, and the exported function at that address.
struct Place {
  std::string_view module;
  std::uintptr_t base = 0;
  const char* function = nullptr;
};

Place place_of(std::uintptr_t address) {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(address), &info) == 0) return {};
  return {info.dli_fname, reinterpret_cast<std::uintptr_t>(info.dli_fbase), info.dli_sname};
}

/// Whether the address is in this library, including code that it inlines, such as `std::function`.
bool is_inside_library(std::uintptr_t address) {
  static const std::uintptr_t base = place_of(reinterpret_cast<std::uintptr_t>(&call_site)).base;
  return place_of(address).base == base;
}

/// Whether a mangled name belongs to a namespace whose templates a program instantiates: `std` or `xgrad`.
/// Includes functions local to such functions (`_ZZN`).
bool is_from_header(std::string_view function) {
  if (!function.starts_with("_Z")) return false;
  function.remove_prefix(std::min(function.size(), function.find_first_not_of('Z', 1)));
  if (function.starts_with("N")) function.remove_prefix(1);
  if (function.starts_with("K")) function.remove_prefix(1);
  return function.starts_with("5xgrad") || function.starts_with("St");
}

std::string demangled(const char* function) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(function, nullptr, nullptr, &status), &std::free);
  return name ? name.get() : function;
}

#if defined(XGRAD_WITH_LIBBACKTRACE)

/// The state of libbacktrace, which must live as long as the process.
backtrace_state* program() {
  static backtrace_state* const state =
      backtrace_create_state(nullptr, 1, [](void*, const char*, int) {}, nullptr);
  return state;
}

CallSite collect() {
  struct Collected {
    CallSite site;
    std::size_t count = 0;
  } collected;
  const auto add = [](void* data, std::uintptr_t address) {
    auto& into = *static_cast<Collected*>(data);
    if (!is_inside_library(address)) into.site.addresses[into.count++] = address;
    return into.count == into.site.addresses.size() ? 1 : 0;
  };
  backtrace_simple(program(), 0, add, [](void*, const char*, int) {}, &collected);
  return collected.site;
}

/// Debug information about an address: the innermost function inlined there that belongs to the program.
struct Found {
  std::string line;
  std::string function;
  bool is_known = false;  // also true if every function is xgrad's
};

Found find(std::uintptr_t address) {
  Found found;
  const auto look = [](void* data, std::uintptr_t, const char* file, int line, const char* function) {
    auto& into = *static_cast<Found*>(data);
    if (function == nullptr) return 0;
    into.is_known = true;
    if (is_from_header(function)) return 0;
    into.function = function;
    if (file != nullptr && line > 0) into.line = fmt::format("{}:{}", file, line);
    return 1;
  };
  const auto ignore = [](void*, const char*, int) {};
  backtrace_pcinfo(program(), address, look, ignore, &found);
  if (found.is_known) return found;
  const auto name = [](void* data, std::uintptr_t, const char* function, std::uintptr_t, std::uintptr_t) {
    auto& into = *static_cast<Found*>(data);
    if (function == nullptr) return;
    into.is_known = true;
    if (!is_from_header(function)) into.function = function;
  };
  backtrace_syminfo(program(), address, name, ignore, &found);
  return found;
}

#else

CallSite collect() {
  std::array<void*, 64> all{};
  const int count = backtrace(all.data(), static_cast<int>(all.size()));
  CallSite site;
  std::size_t kept = 0;
  for (int i = 0; i < count && kept < site.addresses.size(); ++i) {
    // The return address follows the call and may belong to another function.
    const auto address = reinterpret_cast<std::uintptr_t>(all[static_cast<std::size_t>(i)]) - 1;
    if (!is_inside_library(address)) site.addresses[kept++] = address;
  }
  return site;
}

struct Found {
  std::string line;
  std::string function;
  bool is_known = false;
};

Found find(std::uintptr_t address) {
  const char* function = place_of(address).function;
  if (function == nullptr) return {};
  return {"", is_from_header(function) ? "" : function, true};
}

#endif

}  // namespace

CallSite call_site() { return collect(); }

std::string place_in_program(const CallSite& site) {
  for (const std::uintptr_t address : site.addresses) {
    if (address == 0) break;
    const Found found = find(address);
    if (!found.line.empty()) return "at " + found.line;
    if (!found.function.empty()) return "in " + demangled(found.function.c_str());
    if (found.is_known) continue;
    const Place place = place_of(address);
    if (place.module.empty()) continue;
    return fmt::format("at {}+{:#x}", place.module.substr(place.module.find_last_of('/') + 1),
                       address - place.base);
  }
  return "";
}

#else

CallSite call_site() { return {}; }

std::string place_in_program(const CallSite&) { return ""; }

#endif

}  // namespace xgrad::detail
