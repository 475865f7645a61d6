import "../audio_source_test.ts?long";
