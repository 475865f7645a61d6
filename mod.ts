/**
 * avwriter turns JavaScript frames into video: it binds the system's FFmpeg libraries over FFI, on Deno, Bun
 * and Node.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/out.mp4`;
 * const frames = [0, 80, 160, 240].map((gray) =>
 *   new ImageData(new Uint8ClampedArray(64 * 64 * 4).fill(gray), 64, 64)
 * );
 *
 * await using writer = await createFileWriter("h264", path, 30);
 * for (const frame of frames) await writer.write(frame);
 * ```
 *
 * @module
 */
export type { AudioCodec, AudioCodecFamily } from "./src/audio/audio_families.ts";
export type { AudioOptions } from "./src/audio/audio_options.ts";
export type { AudioDevice, AudioDeviceSystem, AudioSilence } from "./src/audio/audio_source.ts";
export type { ChannelLayoutName } from "./src/audio/channels.ts";
export type { SampleData, SampleFormatName } from "./src/audio/sample_data.ts";
export type { AudioSamples } from "./src/audio/samples.ts";
export type { AudioStats } from "./src/audio/audio_track.ts";
export type { Codec, CodecFamily, Hardware } from "./src/codecs/families.ts";
export type { QualityLevel } from "./src/codecs/encoder_traits.ts";
export {
  doctor,
  type DoctorReport,
  type EncoderCheck,
  type LibrariesInUse,
  type SeenLibraries,
} from "./src/doctor.ts";
export {
  AvError,
  type AvErrorDetails,
  EncoderNotFoundError,
  LibraryNotFoundError,
  LibraryVersionError,
  OptionError,
  ReadError,
  UnsupportedError,
  WriteError,
  WriterClosedError,
} from "./src/errors.ts";
export { CommandError, type CommandErrorDetails } from "./src/command/command_error.ts";
export { type CommandOptions, ffmpeg } from "./src/command/ffmpeg.ts";
export type { CommandResult } from "./src/command/command_run.ts";
export type { CommandInput } from "./src/command/command_streams.ts";
export type { CommandProgress } from "./src/command/progress.ts";
export type { OptionValue } from "./src/libav/options.ts";
export type { SubtitleCue } from "./src/subtitles/cue.ts";
export type { SubtitleCodec, SubtitleOptions } from "./src/subtitles/subtitle_options.ts";
export type { ColorDescription, ColorName } from "./src/video/color.ts";
export type { EncodedImage } from "./src/video/images/encoded_image.ts";
export type { FrameRate } from "./src/video/frame_rate.ts";
export type { ChromaticityPoint, ContentLight, MasteringDisplay } from "./src/video/hdr.ts";
export type { PixelFormat, RawFrame } from "./src/video/raw_frame.ts";
export type { ResizeMode } from "./src/video/resizer.ts";
export type { Attachment } from "./src/container/attachments.ts";
export type { AudioWriter, AudioWriterStats } from "./src/writer/audio_writer.ts";
export type { Chapter } from "./src/container/chapters.ts";
export { type AudioWriterOptions, createAudioWriter } from "./src/writer/create_audio_writer.ts";
export { createPacketWriter, type PacketWriterOptions } from "./src/writer/packets/create_packet_writer.ts";
export type { PacketWriter, PacketWriterStats } from "./src/writer/packets/packet_writer.ts";
export type { MediaPacket, PacketKind } from "./src/engine/copying/media_packet.ts";
export type { PacketSideData } from "./src/libav/native_packet.ts";
export type { PacketSummary } from "./src/engine/session_types.ts";
export type { AttachedPackets, PacketSource, PacketTarget } from "./src/engine/copying/packet_source.ts";
export { createFileWriter } from "./src/writer/create_file_writer.ts";
export { createMemoryWriter, type MemoryWriter } from "./src/writer/bytes/create_memory_writer.ts";
export type { AdaptiveOptions, LadderStep } from "./src/writer/adaptive/adaptive_options.ts";
export type { OpenSegment } from "./src/writer/packaging/stores/stream_store.ts";
export { createStreamWriter } from "./src/writer/bytes/create_stream_writer.ts";
export type { FrameOptions, LatePolicy, TimestampOrigin, Timing } from "./src/video/frame_timing.ts";
export type { ChunkOptions, StreamWriterOptions, WriterOptions } from "./src/writer/writer_options.ts";
export type { ConnectionOptions, OutputBase, OutputOptions } from "./src/writer/outputs/output_options.ts";
export type { OutputStats } from "./src/engine/outputs/output_stats.ts";
export type { OutputState } from "./src/engine/outputs/queue_memory.ts";
export type { WriterStats } from "./src/engine/writer_stats.ts";
export type { LogLevel } from "./src/libav/log.ts";
export { openDevice } from "./src/reader/device/open_device.ts";
export type { DeviceOptions, VideoDeviceSystem } from "./src/reader/device/device_options.ts";
export { openNetworkSource } from "./src/reader/network/open_network_source.ts";
export type { NetworkSourceOptions, NetworkStatus } from "./src/reader/network/network_options.ts";
export type { ReconnectOptions } from "./src/reconnection.ts";
export type { NetworkSource, NetworkStats } from "./src/reader/network/network_source.ts";
export { createFileReader, type ReaderInput } from "./src/reader/create_file_reader.ts";
export type { ImageSequence } from "./src/reader/image_sequence.ts";
export type { ReaderOptions } from "./src/reader/reader_options.ts";
export type { DecodedSamples, SourceChapter, VideoSource } from "./src/reader/video_source.ts";
export type {
  SourceAudioTrack,
  SourceSubtitleTrack,
  SourceTrack,
} from "./src/engine/reading/reading_types.ts";
export type { DecodedFrame, FrameSource } from "./src/source/source.ts";
export { prepare, type PrepareOptions } from "./src/writer/prepare.ts";
export { recoverFile, type RecoverOptions, type RecoverProgress } from "./src/writer/recover_file.ts";
export type { RecoverSummary } from "./src/file/recovery.ts";
export type { AudioSummary, EncoderChoice, Fallback, WriteSummary } from "./src/engine/session_types.ts";
export type { Frame } from "./src/video/frame.ts";
export type { CopyOptions } from "./src/writer/copying/copy_options.ts";
export type { CloseOptions } from "./src/writer/close_options.ts";
export type { EventOptions } from "./src/writer/event_options.ts";
export type { Segment, SegmentLimits, SegmentOptions } from "./src/engine/segments/segment_options.ts";
export type { SamplesOptions } from "./src/writer/samples/samples_options.ts";
export type { AcquiredFrame, VideoWriter } from "./src/writer/video_writer.ts";
export type { FieldOrder } from "./src/codecs/field_order.ts";
export type { Rotation, SampleAspectRatio } from "./src/container/picture_tags.ts";
export {
  createFrameSource,
  type DrawnSource,
  type FrameSequence,
  type FrameSourceOptions,
} from "./src/source/create_frame_source.ts";
export { createVideoNode, type NodeOptions } from "./src/source/nodes/create_video_node.ts";
export type { GivenFrame } from "./src/source/nodes/given_frame.ts";
export type { ChangePixels, FrameTransform } from "./src/source/nodes/node_work.ts";
export type { VideoNode } from "./src/source/nodes/video_node.ts";
export type {
  AttachedTarget,
  AttachmentState,
  CropArea,
  FrameTarget,
  PipelineSource,
  QueueOptions,
  QueuePolicy,
  SourceStatus,
  VideoTarget,
  WriterTarget,
} from "./src/source/pipeline/pipeline_source.ts";
export { splitStereo, type StereoLayout, type StereoPair } from "./src/source/stereo.ts";
