#pragma once

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Command lines of the examples with options: errors of one line each, and exit statuses.

namespace command_line {

/// The least number of letters to insert, remove or change to turn one word into the other (Levenshtein,
/// 1966).
inline std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

/// The option that a misspelt word probably means, or "".
inline std::string nearest_option(const CLI::App& app, std::string_view word) {
  word = word.substr(0, word.find('='));
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
  std::string nearest;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      const bool begins =
          std::min(word.size(), name.size()) >= 3 && (name.starts_with(word) || word.starts_with(name));
      const std::size_t found = begins ? 1 : distance(word, name);
      if (found < least) least = found, nearest = "--" + name;
    }
  }
  return nearest;
}

/// The error message for words that belong to no option.
inline std::string left_over(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining();
  for (const std::string& word : words) {
    if (!word.starts_with('-')) continue;
    const std::string nearest = nearest_option(app, word);
    return fmt::format("there is no option {}{}", word.substr(0, word.find('=')),
                       nearest.empty() ? "; --help lists them" : fmt::format("; did you mean {}?", nearest));
  }
  return fmt::format("expected an option, got \"{}\"; --help lists them", words.front());
}

/// Reads the options, then calls `body`, whose result is the exit status. Errors are one line on stderr.
template <class Body>
int run(const char* program, CLI::App& app, int argc, char** argv, const Body& body) {
  // If a standard stream is closed, the first file opened would take its place and receive the printed
  // output.
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(standard, F_GETFD) == -1) (void)!open("/dev/null", O_RDWR);
  }
  std::string message;
  try {
    app.parse(argc, argv);
    return body();
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ExtrasError&) {
    message = left_over(app);
  } catch (const std::exception& error) {
    message = error.what();
  }
  std::fflush(stdout);
  fmt::print(stderr, "{}: {}\n", program, message);
  return 1;
}

/// A word quoted for a shell.
inline std::string for_shell(std::string_view word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=:,+@%-";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string(word);
  std::string text = "'";
  for (const char letter : word) text += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return text + "'";
}

/// The command line with this value for an option.
inline std::string command_with(int argc, char** argv, const std::string& option, const std::string& value) {
  std::string command;
  for (int i = 0; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == option) ++i;  // and its value
    if (word == option || word.starts_with(option + "=")) continue;
    command += for_shell(word) + " ";
  }
  return command + option + " " + for_shell(value);
}

}  // namespace command_line
