"""Takes H.264 and AAC by RTSP and writes them into a Matroska file: rtsp_recorder.py PORT PATH"""
import signal
import sys
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)


class Media(GstRtspServer.RTSPMedia):
    """Takes the times of RTP for the times of the file, in place of when packets arrive."""

    def do_setup_rtpbin(self, rtpbin):
        rtpbin.set_property("buffer-mode", 0)
        return True


port, path = sys.argv[1:]
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
factory.set_launch(
    "( rtph264depay name=depay0 ! h264parse ! queue ! matroskamux name=mux streamable=true "
    "rtpmp4gdepay name=depay1 ! aacparse ! queue ! mux. mux. ! filesink buffer-mode=2 location=%s )" % path
)
factory.set_eos_shutdown(True)
factory.set_latency(200)
factory.set_media_gtype(Media)
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
loop = GLib.MainLoop()
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
GLib.timeout_add(100, lambda: True)
print("ready", flush=True)
loop.run()
