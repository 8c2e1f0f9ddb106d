"""Names that the rules of redirect URIs know: schemes, parameters, ports, domains."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476, ICANN's reservations, and names that routers
# and companies use inside: none of them means one and the same party everywhere.
RESERVED_DOMAINS = _words(
    """
    test example invalid localhost local localdomain internal onion alt arpa home.arpa lan
    home corp mail intranet private dhcp workgroup
    """
)

# Anybody's address can stand behind a name of these zones, because the name itself contains it,
# the zone points at the reader's own machine, or the name is lent for as long as a tunnel lives.
BORROWED_DOMAINS = _words(
    """
    nip.io sslip.io xip.io traefik.me localtest.me lvh.me vcap.me lacolhost.com yoogle.com
    1u.ms rbndr.us ngrok.io ngrok.app ngrok.dev ngrok-free.app ngrok-free.dev
    trycloudflare.com loca.lt localhost.run lhr.life serveo.net pagekite.me localto.net
    bore.pub
    """
)

# Whatever an answer of this provider may add to the URI (RFC 6749 §4.1.2, §4.2.2, RFC 9207 §2,
# OpenID Connect Core §3.2.2.5, Session Management §3), and the parameters of kindred answers.
RESPONSE_PARAMETERS = _words(
    """
    code state error error_description error_uri iss id_token access_token refresh_token
    token_type expires_in scope response session_state logout_token vp_token
    """
)

# Ports that browsers refuse to open (Fetch §2.9, "bad port").
BLOCKED_PORTS = _words(
    """
    1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110
    111 113 115 117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531
    532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190
    5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080
    """
)

REDIRECTOR_PARAMETERS = _words(
    """
    url uri u r to next goto go target dest destination redirect redirect_to redirect_uri
    redirect_url redirecturl redirecturi redir rurl return return_to return_url return_uri
    returnto returnurl returnuri continue forward jump link out view callback checkout_url
    image_url success_url fallback_url back back_url backurl ref_url relaystate location
    window.location
    """
)

REDIRECTOR_SEGMENTS = _words(
    """
    redirect redirect.php redirect.aspx redirect.jsp redirector redir goto go away out exit
    leave jump forward url l.php link linkout outlink bounce proxy track click
    """
)

# Schemes that run code, read the device, open another program, or send the code in the clear.
DANGEROUS_SCHEMES = _words(
    """
    javascript livescript mocha jscript vbscript data file filesystem blob about view-source
    intent android-app android-resource content app market package jar resource mhtml mk res
    its ms-its hcp shell wyciwyg feed pcap ws wss ftp ftps sftp tftp gopher wais nntp news
    snews telnet rlogin ssh rdp vnc ldap ldaps smb nfs afp dav davs dict git svn cvs rsync
    rtsp rtmp mms finger irc ircs mailto tel callto sms smsto mmsto facetime facetime-audio
    skype sip sips xmpp im pres msnim whatsapp tg geo maps webcal magnet ed2k bitcoin urn
    uuid tag oid cid mid chrome chrome-extension chrome-untrusted chrome-search chrome-error
    chrome-distiller devtools chrome-devtools edge extension opera vivaldi brave
    moz-extension moz-icon moz-safe-about safari-web-extension safari-extension
    ms-browser-extension microsoft-edge googlechrome googlechromes firefox firefox-focus
    search search-ms ms-settings ms-msdt ms-officecmd ms-word ms-excel ms-powerpoint
    ms-access ms-visio ms-infopath ms-publisher ms-project ms-appinstaller ms-cxh
    ms-cxh-full ms-search ms-gamingoverlay ms-availablenetworks onenote itms itmss itms-apps
    itms-appss itms-services itms-books x-apple-helpbasic applescript prefs app-prefs
    shortcuts workflow openid openid4vp haip otpauth otpauth-migration fido ipfs ipns dweb
    """
)
