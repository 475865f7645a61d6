import "../live_packets_test.ts?long";
