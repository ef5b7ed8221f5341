// SPDX-License-Identifier: Apache-2.0
// The subject's shape where no take tells it: guessed in few frames of the shot, mended by its shading there, and
// carried into all others.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "passes/relight/surface.h"
#include "shotfix/image/solution.h"
#include "shotfix/light/light_fit.h"
#include "shotfix/light/light_from_motion.h"
#include "shotfix/light/registration.h"

namespace shotfix::passes::relight {

// Note [Own shape]: a shape that is guessed anew in each frame swims: an outline moves with every strand of hair, and
// does not turn when a head does. So it is guessed once and then carried along the flow as a take's surface is, its
// normals turned with the subject. Where a subject has turned or come in so far that a frame is hardly seen in the
// nearest guess, there is another one, made of the last as far as that reaches.
class OwnShape {
 public:
  OwnShape() = default;
  // The guess is made in the face's frame where that is among the samples, else in the middle one, and mended by the
  // actor's light head where there is one; it may be null. Samples in order.
  static OwnShape Guess(const std::vector<Sample>& samples, const std::optional<FaceHint>& face,
                        const model::LightHead* head);

  // Mends the guesses by how the shot's light, which has one key, shades them: each in its own frame, a head also in
  // those samples that are nearest to it, and all of it in takes under other light. Throws kData when one of those is
  // like none of the guesses.
  void Refine(const std::vector<Sample>& samples, const light::LightFit& found, const light::Materials& materials,
              const std::vector<OtherTake>& takes);

  // Shape of a frame, without albedo as yet. Blends the two guesses around it.
  FrameSurface In(const Sample& sample) const;
  // Each sample beside the guess that is nearest to it: what its turns say of the light.
  std::vector<light::TurnedSurface> TurnsOf(const std::vector<Sample>& samples) const;
  bool has_head() const;  // a face was placed in one of the guesses

  void Pack(image::Solution& solution) const;
  static OwnShape Unpack(const image::Solution& solution);  // throws std::exception

 private:
  struct Key {
    light::TakeSurface surface;  // as its albedo the frame's own picture, while the shot is analysed
    at::Tensor contrast;         // [3,h,w]
  };
  Key KeyFrom(const FrameSurface& surface, const Sample& sample) const;
  static FrameSurface SurfaceOf(const Key& key);
  FrameSurface Blended(const Sample& sample) const;
  std::map<int64_t, Key>::const_iterator Nearest(int64_t frame) const;

  std::map<int64_t, Key> keys_;  // by frame
  double deeper_ = 1;            // a head is so much deeper than its integrated normals
};

}  // namespace shotfix::passes::relight
