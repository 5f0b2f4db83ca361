// How members become keys: what stage_json.cpp and summary_json.cpp share.
#pragma once

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "offline/pipeline/stage_results.h"

namespace heat::offline {

// JSON has no NaN: null.
inline nlohmann::json number(double value) {
  return std::isnan(value) ? nlohmann::json() : nlohmann::json(value);
}
inline double number_from(const nlohmann::json& j) {
  return j.is_null() ? std::numeric_limits<double>::quiet_NaN() : j.get<double>();
}

template <class Json, class T>
void put(Json& j, const char* key, const std::optional<T>& value) {
  if (value) j[key] = *value;
}
template <class T>
void take(const nlohmann::json& j, const char* key, std::optional<T>& value) {
  if (j.contains(key)) value = j.at(key).get<T>();
}

// What the summary takes over from the student.
template <class Json>
void put_accuracies(Json& j, const StudentResult& r) {
  put(j, "projected_accuracy_dev", r.projected_accuracy_dev);
  put(j, "stage_one_accuracy_dev", r.stage_one_accuracy_dev);
  put(j, "stage_two_accuracy_dev", r.stage_two_accuracy_dev);
  j["accuracy_dev"] = r.accuracy_dev;
  j["kept_stage"] = r.kept_stage;
  j["kept_step"] = r.kept_step;
  j["dev_examples"] = r.dev_examples;
}
inline void take_accuracies(const nlohmann::json& j, StudentResult& r) {
  take(j, "projected_accuracy_dev", r.projected_accuracy_dev);
  take(j, "stage_one_accuracy_dev", r.stage_one_accuracy_dev);
  take(j, "stage_two_accuracy_dev", r.stage_two_accuracy_dev);
  j.at("accuracy_dev").get_to(r.accuracy_dev);
  j.at("kept_stage").get_to(r.kept_stage);
  j.at("kept_step").get_to(r.kept_step);
  j.at("dev_examples").get_to(r.dev_examples);
}

}  // namespace heat::offline
