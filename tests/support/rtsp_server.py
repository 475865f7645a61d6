"""Serves a clip by RTSP, again and again: rtsp_server.py PORT PATH [with-audio] (an MP4 file of H.264, and AAC).

With audio, packets are sent as they are: codec headers are told by SDP alone.
"""
import sys
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
port, path, *options = sys.argv[1:]
video = "( filesrc location={path} ! qtdemux ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
both = (
    "( filesrc location={path} ! qtdemux name=file"
    " file. ! queue ! rtph264pay name=pay0 pt=96 config-interval=0"
    " file. ! queue ! rtpmp4gpay name=pay1 pt=97 )"
)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch((both if "with-audio" in options else video).format(path=path))
factory.set_shared(False)
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
