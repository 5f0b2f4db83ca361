// The calibration under the name that this machine's users know it by.
#pragma once

#include "machines/calibration.h"

namespace heat::machines::simba {

using machines::Calibration;
using machines::calibration_from_json;
using machines::to_json;

}  // namespace heat::machines::simba
