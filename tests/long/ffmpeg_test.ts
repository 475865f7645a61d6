import "../ffmpeg_test.ts?long";
