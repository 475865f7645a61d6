/**
 * Builds an FFmpeg for Windows from Debian's sources: its DLLs, and the programs that judge files.
 *
 * @module
 */
import { exists, inOwnNamespace, mustRun, removeFolder } from "../matrix/commands.ts";
import { markOf } from "../matrix/roots.ts";

/** What is built of FFmpeg: what the default options and the tests need, which takes minutes, not an hour. */
const components: Readonly<Record<string, string>> = {
  protocol: "file,subfile,pipe,data,tcp,http",
  indev: "lavfi,dshow",
  encoder:
    "libx264,mpeg4,mpeg1video,mpeg2video,mjpeg,png,apng,gif,ffv1,huffyuv,utvideo,rawvideo,wrapped_avframe,aac,flac,mp2," +
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_f32le,mov_text,ass,srt,subrip,webvtt,text",
  decoder:
    "h264,mpeg4,mpeg1video,mpeg2video,mjpeg,png,apng,gif,ffv1,huffyuv,utvideo,rawvideo,wrapped_avframe,aac,flac,mp2," +
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_f32le,movtext,ass,srt,subrip,webvtt,text",
  muxer:
    "mp4,mov,ipod,matroska,matroska_audio,webm,avi,nut,mpegts,flv,gif,apng,image2,image2pipe,mjpeg,wav,flac,ogg," +
    "adts,mp2,h264,hls,null,rawvideo,framecrc,framemd5,md5,pcm_s16le,pcm_f32le,srt,ass,webvtt",
  demuxer:
    "mov,matroska,avi,nut,mpegts,flv,gif,apng,image2,image2pipe,image_png_pipe,image_jpeg_pipe,image_gif_pipe," +
    "mjpeg,wav,flac,ogg,aac,h264,hls,concat,rawvideo,pcm_s16le,pcm_f32le,srt,ass,webvtt",
  parser: "h264,mpeg4video,mpegvideo,mjpeg,png,gif,aac,flac,mpegaudio",
  bsf: "null,setts,extract_extradata,h264_mp4toannexb,aac_adtstoasc",
  filter:
    "buffer,buffersink,abuffer,abuffersink,scale,format,null,anull,copy,crop,pad,fps,hflip,vflip,transpose," +
    "setpts,asetpts,settb,asettb,setsar,setparams,select,trim,atrim,reverse,tmix,tinterlace,overlay,color,testsrc," +
    "testsrc2,gradients,anullsrc,sine,aresample,aformat,volume,psnr,extractplanes,alphaextract,split,palettegen,paletteuse",
};

const configuration: readonly string[] = [
  ...["--enable-cross-compile", "--arch=x86_64", "--target-os=mingw32", "--cross-prefix=x86_64-w64-mingw32-"],
  ...["--pkg-config=pkg-config", "--extra-cflags=-I/srv/static/include"],
  ...["--extra-ldflags=-L/srv/static/lib", "--optflags=-O1", "--prefix=/srv/built"],
  ...["--enable-shared", "--disable-static", "--disable-doc", "--disable-debug", "--disable-autodetect"],
  ...["--disable-pthreads", "--enable-w32threads", "--disable-ffplay"],
  ...["--enable-gpl", "--enable-libx264", "--enable-zlib", "--disable-everything"],
  ...Object.entries(components).map(([kind, names]) => `--enable-${kind}=${names}`),
];

/**
 * Builds in /srv inside a root ($1), which stays as it is: a folder ($2) is what it writes to. $3 is the
 * mirror, $4 the suite; FFmpeg's configuration follows. x264 and zlib become part of FFmpeg's DLLs.
 */
const build = `set -e
root=$1 folder=$2 mirror=$3 suite=$4
shift 4
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --rbind /dev "$root/dev"
mkdir -p "$folder/tmp" "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/sources" "$folder/static/lib"
mount --bind "$folder" "$root/srv"
mount --bind "$folder/tmp" "$root/tmp"
echo "deb-src $mirror $suite main" > "$folder/sources.list"
chroot "$root" sh -ec '
  export PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/srv LC_ALL=C.UTF-8
  cd /srv/sources
  apt() {
    apt-get -q -o Dir::Etc::SourceList=/srv/sources.list -o Dir::State::lists=/srv/lists -o Dir::Cache=/srv/cache \\
      -o APT::Sandbox::User=root "$@"
  }
  apt update
  apt source --tar-only ffmpeg
  apt source --tar-only x264
  for archive in *.orig.tar.*; do tar -xf "$archive"; done
  cp /usr/x86_64-w64-mingw32/lib/libz.a /srv/static/lib
  (cd x264-* && ./configure --host=x86_64-w64-mingw32 --cross-prefix=x86_64-w64-mingw32- --prefix=/srv/static \\
    --enable-static --disable-cli --disable-opencl --bit-depth=8 && make -j"$(nproc)" install-lib-static)
  cd ffmpeg-*
  PKG_CONFIG_LIBDIR=/srv/static/lib/pkgconfig ./configure "$@"
  make -j"$(nproc)" install
' inside "$@"`;

/** Returns the folder of FFmpeg's programs and DLLs, built first where there is none. */
export async function buildFfmpeg(
  cache: string,
  root: string,
  suite: string,
  mirror: string,
): Promise<string> {
  const folder = `${cache}/ffmpeg-windows-${await markOf([root, build, ...configuration])}`;
  if (exists(folder)) return folder;
  const building = `${cache}/building-ffmpeg_windows-${Deno.pid}`;
  await removeFolder(building);
  try {
    Deno.mkdirSync(building, { recursive: true });
    const script = ["sh", "-c", build, "build", root, building, mirror, suite, ...configuration];
    await mustRun("unshare", [...inOwnNamespace, ...script]);
    if (!exists(folder)) Deno.renameSync(`${building}/built/bin`, folder);
  } finally {
    await removeFolder(building);
  }
  return folder;
}
