#include <autodiff/error.hpp>
#include <optim/training/errors.hpp>

#include <algorithm>
#include <typeinfo>

namespace xgrad::optim::detail {
namespace {

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return thrown.what();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

/// If the type of `error` is one of Types, throws an error of that type with `message`.
template <class... Types>
void raise_as(const std::exception& error, const std::string& message) {
  const auto raise_if = [&]<class Type>(const Type*) {
    if (typeid(error) == typeid(Type)) throw Type(message);
  };
  (raise_if(static_cast<const Types*>(nullptr)), ...);
}

}  // namespace

void Errors::keep(const char* where, std::exception_ptr error) {
  std::string text = text_of(error);
  if (!any()) {
    first_ = std::move(error);
    message_ = std::move(text);
    return;
  }
  if (text == message_) return;  // a full disk causes the same error at every write
  text = std::string("; also, in ") + where + ": " + text;
  if (std::find(later_.begin(), later_.end(), text) == later_.end()) later_.push_back(std::move(text));
}

std::string Errors::message() const {
  std::string text = message_;
  for (const std::string& each : later_) text += each;
  return text;
}

void Errors::raise() const {
  if (later_.empty()) std::rethrow_exception(first_);
  try {
    std::rethrow_exception(first_);
  } catch (const Error& error) {
    raise_as<Error, ShapeError, ValueError, LinearAlgebraError, TapeError, VersionError, NotFiniteError,
             ConvergenceError, FileError>(error, message());
    throw;
  }
}

}  // namespace xgrad::optim::detail
