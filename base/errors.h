// The errors every room throws, the exit codes every program returns, and the list in which problems are collected.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace heat::base {

// Exit status of every program (docs/formats.md, "Exit status").
enum ExitCode : int { kDone = 0, kFailed = 1, kBadUsage = 2 };

// Base of all errors that are reported to a user without a stack trace.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  // Exit status a program ends with when this error reaches main.
  virtual int exit_code() const { return kFailed; }
};

// A configuration, option or command line that cannot be used. Ends a program with status 2.
class ConfigError : public Error {
 public:
  using Error::Error;
  int exit_code() const override { return kBadUsage; }
};

// A schedule that cannot be read or does not fit the architecture. Ends a program with status 2.
class ScheduleError : public Error {
 public:
  using Error::Error;
  int exit_code() const override { return kBadUsage; }
};

// A DRAM trace, run database or other recorded input that cannot be read. Ends a program with status 2.
class TraceError : public Error {
 public:
  using Error::Error;
  int exit_code() const override { return kBadUsage; }
};

// A file that cannot be opened, read or written. Ends a program with status 1.
class FileError : public Error {
 public:
  using Error::Error;
};

// Throws std::logic_error with the expression and place; stays on in Release (style: invariants).
#define HEAT_CHECK(condition, message)                                                                       \
  do {                                                                                                       \
    if (!(condition))                                                                                        \
      throw std::logic_error(std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " #condition ": " + \
                             (message));                                                                     \
  } while (0)

// Problems found while reading inputs. Readers add; the caller throws once with all of them.
class Problems {
 public:
  // place: "file:line: key" or as close to that as the reader knows.
  void add(const std::string& place, const std::string& message) { list_.push_back(place + ": " + message); }
  bool empty() const { return list_.empty(); }
  const std::vector<std::string>& list() const { return list_; }

  // Throws E (an Error) whose text is one line per problem, when there is any.
  template <class E = ConfigError>
  void throw_if_any() const {
    if (list_.empty()) return;
    std::string text = list_.size() == 1 ? "1 problem:" : std::to_string(list_.size()) + " problems:";
    for (const auto& p : list_) text += "\n  " + p;
    throw E(text);
  }

 private:
  std::vector<std::string> list_;
};

}  // namespace heat::base
