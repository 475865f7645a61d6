import "../video_node_test.ts?long";
