#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The identity edit over a matrix of formats: every sample goes through light and back and must come out as it went in.

Usage: identity_matrix.py SHOTFIX [--keep FOLDER]

Sources and what is wanted are made by the ffmpeg and oiiotool command lines in this file, never by shotfix. Where the
result's codec is lossless its samples must be those of the source; where it is lossy, those of a plain ffmpeg transcode
of the source with the same settings. Prints one line a combination and exits with 1 when one falls short.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

TAGS = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"
# Detail, flat areas, ramps and noise: what quantisation, chroma and dither would show on.
PICTURE = "testsrc2=size=192x108:rate=24:duration=0.25,noise=alls=12:allf=t:all_seed=7"
PRORES = "-c:v prores_ks -profile:v hq -vendor apl0 -bits_per_mb 8000"


def sources():
    """name -> (file, ffmpeg output options, --in-space or None)"""
    lossless = {}
    for pixels in ("yuv420p yuv422p yuv444p yuv420p10le yuv422p10le yuv444p10le yuv420p12le yuv422p12le yuv444p12le "
                   "yuv420p16le yuv422p16le yuv444p16le yuva420p yuva422p yuva444p yuva444p10le yuva422p10le gbrp10le "
                   "gbrp12le gbrp16le gbrap10le gbrap12le bgr0 gray gray10le gray12le gray16le yuv411p yuv410p "
                   "yuv440p").split():
        limited = "pc" if pixels.startswith(("gbr", "bgr")) else "tv"
        lossless[f"ffv1 {pixels}"] = ("s.mkv", f"-vf {TAGS}:range={limited} -c:v ffv1 -pix_fmt {pixels}", None)
    lossless["ffv1 full yuv422p10le"] = ("s.mkv", f"-vf {TAGS}:range=pc -c:v ffv1 -pix_fmt yuv422p10le", None)
    files = {
        "dpx 10": ("s.%04d.dpx", "-pix_fmt gbrp10le -start_number 1001", "bt709"),
        "dpx 12": ("s.%04d.dpx", "-pix_fmt gbrp12le -start_number 1001", "logc3"),
        "tiff 16": ("s.%04d.tif", "-pix_fmt rgb48le -start_number 1", "bt709"),
        "tiff 16 grey": ("s.%04d.tif", "-pix_fmt gray16le -start_number 1", "bt709"),
        "png 16": ("s.%04d.png", "-pix_fmt rgb48be -start_number 86400", None),
        "png 16 alpha": ("s.%04d.png", "-pix_fmt rgba64be -start_number 1", None),
        "exr float": ("s.%04d.exr", "-pix_fmt gbrpf32le -start_number 7", None),
        "exr float alpha": ("s.%04d.exr", "-pix_fmt gbrapf32le -start_number 7", None),
        "exr half zip": ("s.%04d.exr", "! oiiotool {png} -d half --compression zip -o s.{n}.exr", None),
        "exr half dwaa": ("s.%04d.exr", "! oiiotool {png} -d half --compression dwaa:45 -o s.{n}.exr", None),
        "exr half tiled": ("s.%04d.exr", "! oiiotool {png} -d half --tile 64 64 --compression piz -o s.{n}.exr", None),
        "exr two parts": ("s.%04d.exr", "! oiiotool {png} -d half {png} --blur 5x5 -d half --siappend -o s.{n}.exr", None),
        "exr more channels": ("s.%04d.exr", "! oiiotool {png} -d half {png} --ch R=R,Z=G --ch Z -d float --chappend "
                                            "-o s.{n}.exr", None),
        "prores 422": ("s.mov", f"-vf {TAGS}:range=tv {PRORES} -pix_fmt yuv422p10le", None),
        "prores 4444 alpha": ("s.mov", f"-vf {TAGS}:range=tv -c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le", None),
        "h264 8": ("s.mp4", f"-vf {TAGS}:range=tv -c:v libx264 -pix_fmt yuv420p", None),
        "h264 10 422": ("s.mkv", f"-vf {TAGS}:range=tv -c:v libx264 -pix_fmt yuv422p10le", None),
        "hevc 10": ("s.mp4", f"-vf {TAGS}:range=tv -c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le", None),
        "dnxhr mxf": ("s.mxf", f"-vf scale=320:240,{TAGS}:range=tv -c:v dnxhd -profile:v dnxhr_hqx -pix_fmt yuv422p10le", None),
        "xdcam mxf": ("s.mxf", f"-vf scale=320:240,{TAGS}:range=tv -c:v mpeg2video -b:v 8M -pix_fmt yuv422p", None),
        "prores mxf": ("s.mxf", f"-vf scale=320:240,{TAGS}:range=tv -c:v prores_aw -profile:v 3 -pix_fmt yuv422p10le", None),
        "nut raw 10": ("s.nut", "-c:v rawvideo -pix_fmt yuv422p10le", "bt709"),
        "y4m 8": ("s.y4m", "-pix_fmt yuv420p", "bt709"),
        "y4m 10": ("s.y4m", "-pix_fmt yuv422p10le -strict -1", "bt709"),
    }
    return {**lossless, **files}


def combinations():
    """(source, result file, shotfix options, wanted): wanted is "source", "source as PIXELS" where the result's format
    holds the samples in more bits, or ffmpeg options of the plain transcode."""
    rows = [(name, "o.mkv", "", "source") for name in sources() if name.startswith("ffv1 ")]
    own = {"dpx": "o.%04d.dpx", "tiff": "o.%04d.tif", "png": "o.%04d.png", "exr": "o.%04d.exr"}
    for name in sources():
        if name.split()[0] in own:
            rows.append((name, own[name.split()[0]], "", "source"))
    # FFV1 has no 12 bits with alpha: 16 hold them.
    rows.append(("prores 4444 alpha", "o.mkv", "--codec ffv1", "source as yuva444p12le"))
    for name in ("prores 422", "h264 8", "h264 10 422", "hevc 10", "dnxhr mxf", "xdcam mxf",
                 "prores mxf", "nut raw 10", "y4m 8", "y4m 10"):
        rows.append((name, "o.mkv", "--codec ffv1", "source"))
    rows += [("nut raw 10", "o.nut", "--codec raw", "source"), ("y4m 10", "o.y4m", "", "source"),
             ("y4m 8", "o.y4m", "", "source")]
    hq = "-c:v prores_ks -profile:v hq -vendor apl0"
    rows += [
        ("ffv1 yuv422p10le", "o.mov", "", f"{hq} -pix_fmt yuv422p10le"),
        ("prores 422", "o.mov", "", f"{hq} -pix_fmt yuv422p10le"),
        ("ffv1 yuv420p", "o.mov", "", f"{hq} -pix_fmt yuv422p10le"),
        ("ffv1 yuva444p10le", "o.mov", "--codec prores4444",
         "-c:v prores_ks -profile:v 4444 -vendor apl0 -alpha_bits 16 -pix_fmt yuva444p10le"),
        ("prores 4444 alpha", "o.mov", "--codec prores4444",
         "-c:v prores_ks -profile:v 4444 -vendor apl0 -alpha_bits 16 -pix_fmt yuva444p10le"),
        ("dnxhr mxf", "o.mxf", "", "-c:v dnxhd -profile:v dnxhr_hqx -pix_fmt yuv422p10le"),
        ("dnxhr mxf", "o.mov", "--codec dnxhr", "-c:v dnxhd -profile:v dnxhr_hqx -pix_fmt yuv422p10le"),
        ("xdcam mxf", "o.mxf", "", "-c:v dnxhd -profile:v dnxhr_hq -pix_fmt yuv422p"),
        ("h264 8", "o.mp4", "", "-c:v libx264 -crf 14 -preset medium -pix_fmt yuv420p"),
        ("ffv1 yuv420p10le", "o.mp4", "", "-c:v libx264 -crf 14 -preset medium -pix_fmt yuv420p10le"),
        ("ffv1 yuv420p", "o.mp4", "--codec hevc", "-c:v libx265 -crf 14 -x265-params log-level=none -pix_fmt yuv420p"),
        ("hevc 10", "o.mp4", "--codec hevc", "-c:v libx265 -crf 14 -x265-params log-level=none -pix_fmt yuv420p10le"),
    ]
    return rows


def run(command, cwd):
    done = subprocess.run(command, shell=isinstance(command, str), cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command}\n{done.stdout}{done.stderr}")
    return done.stdout


def sequence_start(path, folder):
    first = sorted(folder.glob(path.replace("%04d", "*")))[0].name
    prefix, suffix = path.split("%04d")
    return f"-start_number {int(first[len(prefix):-len(suffix)])} "


def hashes(path, folder, pixels=""):
    """MD5 of each decoded frame, by ffmpeg; EXR by oiiotool, which reads every bit of it."""
    if path.endswith(".exr"):
        frames = sorted(folder.glob(path.replace("%04d", "*")))
        text = run(["oiiotool", "--hash", "--info", "-v", *map(str, frames)], folder)
        return [line.split()[-1] for line in text.splitlines() if "SHA-1" in line]
    start = sequence_start(path, folder) if "%04d" in path else ""
    pixels = f"-pix_fmt {pixels} " if pixels else ""
    text = run(f"ffmpeg -nostdin -v error {start}-i '{path}' -map 0:v {pixels}-fps_mode passthrough -f framemd5 -", folder)
    return [line.split()[-1] for line in text.splitlines() if not line.startswith("#")]


def make_source(name, folder):
    path, options, space = sources()[name]
    if options.startswith("!"):  # by oiiotool, from pictures by ffmpeg
        run(f"ffmpeg -nostdin -v error -y -f lavfi -i '{PICTURE}' -pix_fmt rgb48be -start_number 7 t.%04d.png", folder)
        for png in sorted(folder.glob("t.*.png")):
            run(options[1:].format(png=png.name, n=png.stem[2:]), folder)
        return path, space
    run(f"ffmpeg -nostdin -v error -y -f lavfi -i '{PICTURE}' {options} '{path}'", folder)
    return path, space


def check(shotfix, row, folder):
    name, result, options, wanted = row
    path, space = make_source(name, folder)
    run([shotfix, "init", "p"], folder)
    run([shotfix, "ingest", "--no-locator", *(["--in-space", space] if space else []), path], folder)
    (folder / "identity.toml").write_text(f'clip = "s"\noutput = "{result}"\n[[pass]]\ntype = "identity"\n')
    run(f"'{shotfix}' run identity.toml --quiet {options}", folder)
    golden = path
    pixels = wanted.removeprefix("source as ") if wanted.startswith("source as ") else ""
    if not wanted.startswith("source"):
        golden = "golden" + Path(result).suffix
        run(f"ffmpeg -nostdin -v error -y -i '{path}' -map 0:v {wanted} '{golden}'", folder)
    expected, got = hashes(golden, folder, pixels), hashes(result, folder, pixels)
    if len(expected) < 2:
        return "the golden file has no frames"
    return "" if expected == got else f"{sum(a != b for a, b in zip(expected, got))} of {len(expected)} frames differ"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shotfix", help="the program")
    parser.add_argument("--only", default="", help="combinations whose source or result has this in its name")
    arguments = parser.parse_args()
    shotfix = str(Path(arguments.shotfix).resolve())
    failed, count = 0, 0
    for row in combinations():
        if arguments.only not in f"{row[0]} {row[1]}":
            continue
        count += 1
        with tempfile.TemporaryDirectory(prefix="shotfix-identity-") as folder:
            try:
                problem = check(shotfix, row, Path(folder))
            except RuntimeError as error:
                problem = str(error).strip()
        failed += bool(problem)
        against = "source" if row[3].startswith("source") else "ffmpeg"
        print(f"{row[0]:<24} -> {row[1]:<12} equals {against:<7} {'ok' if not problem else 'FAILED: ' + problem}", flush=True)
    print(f"{count - failed} of {count} combinations are equal")
    return 1 if failed or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
