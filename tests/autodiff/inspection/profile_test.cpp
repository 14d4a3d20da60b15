#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

using namespace xgrad;

namespace {

OperationCost cost_of(const Profile& profile, const std::string& operation) {
  for (const OperationCost& each : profile.operations()) {
    if (each.operation == operation) return each;
  }
  return {};
}

/// An operation whose forward and backward pass each take a given time.
Variable<double> slow(const Variable<double>& x, int forward, int backward) {
  std::this_thread::sleep_for(std::chrono::milliseconds(forward));
  return operation("slow", x.value(), {x, [backward](const Variable<double>& g) {
                                         std::this_thread::sleep_for(std::chrono::milliseconds(backward));
                                         return g;
                                       }});
}

Profile example() {
  const Variable<double> x = xt::xarray<double>{1, 2, 3};
  Tape tape;
  tape.profile(true);
  const auto y = exp(slow(x, 20, 30));
  tape.gradient(sum(exp(x) * y), x);
  return tape.profile();
}

}  // namespace

TEST_CASE("the profile counts calls, bytes and times, forward and backward") {
  const Profile profile = example();
  const OperationCost exps = cost_of(profile, "exp");
  CHECK(exps.calls == 2);
  CHECK(exps.backward_calls == 2);
  CHECK(exps.bytes == 2 * 3 * sizeof(double));
  CHECK(cost_of(profile, "sum").bytes == sizeof(double));
  const OperationCost slow = cost_of(profile, "slow");
  CHECK(slow.seconds >= 0.020);
  CHECK(slow.backward_seconds >= 0.030);
  for (const char* other : {"exp", "sum", "multiply"}) {
    const OperationCost cost = cost_of(profile, other);
    CHECK(cost.seconds > 0);
    CHECK(cost.backward_seconds > 0);
    CHECK(cost.seconds < slow.seconds);
    CHECK(cost.backward_seconds < slow.backward_seconds);
  }
  CHECK(profile.operations().front().operation == "slow");  // most expensive first
}

TEST_CASE("the profile is available after backward; only pullbacks that ran are counted") {
  Parameter<float> w(xt::xarray<float>{1, 2});
  const Variable<float> x = xt::xarray<float>{3, 4};
  Tape tape;
  tape.profile(true);
  const auto y = exp(x) * w;
  tape.backward(sum(y));
  const Profile profile = tape.profile();
  CHECK(cost_of(profile, "exp").calls == 1);
  CHECK(cost_of(profile, "exp").backward_calls == 0);
  CHECK(cost_of(profile, "multiply").backward_calls == 1);
  CHECK(cost_of(profile, "multiply").bytes == 2 * sizeof(float));
}

TEST_CASE("time while profiling is off is not measured; operations on constants are") {
  const Variable<double> x = 1.0;
  const auto pause = [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
  Tape tape;
  pause();
  tape.profile(true);
  exp(x);
  tape.profile(false);
  log(x);
  pause();
  tape.profile(true);
  sin(constant(xt::xarray<double>{1}));
  const Profile profile = tape.profile();
  CHECK(cost_of(profile, "exp").seconds < 0.020);
  CHECK(cost_of(profile, "log").calls == 0);
  CHECK(cost_of(profile, "sin").calls == 1);
  CHECK(cost_of(profile, "sin").seconds < 0.020);
}

TEST_CASE("the time of a backward pass is not attributed to the next operation") {
  const Variable<double> x = 1.0;
  Tape tape;
  tape.profile(true);
  tape.gradient(slow(x, 0, 30), x);
  exp(x);
  CHECK(cost_of(tape.profile(), "exp").seconds < 0.030);
}

TEST_CASE("nested tapes measure independently") {
  const Variable<double> x = 2.0;
  Tape outer;
  outer.profile(true);
  Tape inner;
  const auto y = exp(x) * x;
  CHECK_THROWS_WITH_AS(
      inner.profile(),
      "profile: nothing was measured; call tape.profile(true) before the operations to measure", TapeError);
  inner.profile(true);
  inner.gradient(y, x);
  CHECK(cost_of(inner.profile(), "exp").calls == 0);
  CHECK(cost_of(inner.profile(), "exp").backward_calls == 1);
  CHECK(cost_of(outer.profile(), "exp").calls == 1);
  CHECK(cost_of(outer.profile(), "exp").backward_calls == 0);
  CHECK(cost_of(outer.profile(), "multiply").calls > 1);  // including the pullbacks that it recorded
}

TEST_CASE("profiles add up") {
  Profile total = example();
  total += example();
  CHECK(cost_of(total, "exp").calls == 4);
  total += total;
  CHECK(cost_of(total, "exp").calls == 8);
}

TEST_CASE("the table of operations") {
  const Profile profile = example();
  std::ostringstream out;
  out << profile;
  const std::string text = fmt::format("{}", profile);
  CHECK(out.str() == text);
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  CHECK(line == "operation    calls   forward    passes  backward   share     results");
  std::getline(lines, line);
  CHECK(line.starts_with("slow             1   "));  // the most expensive operation first
  std::istringstream cells(line);
  std::string name, calls, unit;
  double forward = 0;
  cells >> name >> calls >> forward >> unit;
  CHECK(unit == "ms");
  CHECK(forward >= 20);
  CHECK(forward == doctest::Approx(1e3 * cost_of(profile, "slow").seconds).epsilon(0.01));
  std::size_t count = 2;
  while (std::getline(lines, line)) ++count;
  CHECK(count == 6);  // with exp, multiply, sum and the total
  CHECK(text.find("\ntotal            5  ") != std::string::npos);
  CHECK(text.find("100.0%") != std::string::npos);
  CHECK(to_string(Profile()).find("total") != std::string::npos);
}

TEST_CASE("the trace has the format of chrome://tracing and Perfetto") {
  const auto path = std::filesystem::temp_directory_path() / "xgrad_profile_test.json";
  Profile profile = example();
  {
    const Variable<double> x = 1.0;
    Tape tape;
    tape.profile(true);
    operation("\"quoted\"\n", x.value(), {x, [](const Variable<double>& g) { return g; }});
    profile += tape.profile();
  }
  profile.write_chrome_trace(path.string());
  const auto trace = nlohmann::json::parse(std::ifstream(path));
  std::filesystem::remove(path);
  const auto& events = trace.at("traceEvents");
  REQUIRE(events.size() == 11);
  double end_of_last = 0;
  std::size_t backward = 0;
  for (const auto& event : events) {
    CHECK(event.at("ph") == "X");
    CHECK(event.at("pid").is_number_integer());
    CHECK(event.at("tid").is_number_integer());
    CHECK(event.at("name").is_string());
    CHECK(event.at("ts").get<double>() >= end_of_last - 0.002);  // nothing overlaps; times are rounded
    CHECK(event.at("dur").get<double>() >= 0);
    end_of_last = event.at("ts").get<double>() + event.at("dur").get<double>();
    backward += event.at("cat") == "backward" ? 1 : 0;
  }
  CHECK(backward == 5);
  CHECK(events[0].at("name") == "slow");
  CHECK(events[0].at("dur").get<double>() >= 20'000);  // microseconds
  CHECK(events[0].at("args").at("shape") == "{3}");
  CHECK(events[10].at("name") == "\"quoted\"\n");

  CHECK_THROWS_WITH_AS(profile.write_chrome_trace("/no/such/folder/trace.json"),
                       "cannot write /no/such/folder/trace.json: No such file or directory", FileError);
  profile = Profile();
  profile.write_chrome_trace(path.string());
  CHECK(nlohmann::json::parse(std::ifstream(path)).at("traceEvents").empty());
  std::filesystem::remove(path);
}

TEST_CASE("profile throws on another thread") {
  Tape tape;
  std::thread([&] {
    CHECK_THROWS_AS(tape.profile(true), TapeError);
    CHECK_THROWS_AS(tape.profile(), TapeError);
  }).join();
}
