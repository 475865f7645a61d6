import "../writegear_test.ts?long";
