// The stages' results on disk. Readers throw nlohmann::json::exception naming a key that is absent or of another type.
#pragma once

#include <nlohmann/json.hpp>

#include "offline/pipeline/stage_results.h"

namespace heat::offline {

// For get<Result>() and json(result).
#define HEAT_STAGE_JSON(Result)                        \
  void to_json(nlohmann::json& json, const Result& r); \
  void from_json(const nlohmann::json& json, Result& r);
HEAT_STAGE_JSON(BaselineResult)
HEAT_STAGE_JSON(TeacherResult)
HEAT_STAGE_JSON(CostTableResult)
HEAT_STAGE_JSON(DenseResult)
HEAT_STAGE_JSON(SupernetResult)
HEAT_STAGE_JSON(PredictorResult)
HEAT_STAGE_JSON(SearchResult)
HEAT_STAGE_JSON(LoopResult)
HEAT_STAGE_JSON(StudentResult)
HEAT_STAGE_JSON(EvaluateResult)
HEAT_STAGE_JSON(ScheduleResult)
HEAT_STAGE_JSON(Summary)
// Parts of them that the summary and the report's data take over.
HEAT_STAGE_JSON(TableCorrections)
HEAT_STAGE_JSON(AssessedBaseline)
HEAT_STAGE_JSON(SearchGeneration)
HEAT_STAGE_JSON(PredictedScore)
HEAT_STAGE_JSON(TablePoint)
HEAT_STAGE_JSON(LoopPoint)
#undef HEAT_STAGE_JSON

// The summary as the report's data have it; summary.json has the same with its keys sorted.
nlohmann::ordered_json ordered_json_of(const Summary& summary);

}  // namespace heat::offline
